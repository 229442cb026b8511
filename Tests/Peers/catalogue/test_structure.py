"""Structure files that do not fit, and texts that are no JSON: lines 35 to 39 of the catalogue."""

from survive import refused

test_35_wrong_numbers_of_blocks_or_columns = refused("35")
test_36_negative_channels_and_blocks_without_any = refused("36")
test_37_numbers_that_are_no_counts = refused("37")
test_38_duplicate_keys_and_commas = refused("38")
test_39_depth_and_text_that_is_none = refused("39")

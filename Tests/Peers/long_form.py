"""`PEERS=long` takes all networks in the tests of a peer. Otherwise a few of them stand for the rest: another size of the same
family, or an export of the same kind."""

import os

IS_LONG = os.environ.get("PEERS") == "long"


def shortened(everything, *kept):
    """`everything` in the long form, otherwise those of it in `kept`."""
    missing = [each for each in kept if each not in everything]
    assert not missing, f"{missing} are not among {list(everything)}"
    return list(everything) if IS_LONG else list(kept)

#include "CImageCodec.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h>
#include <jerror.h>

struct scalenet_jpeg {
  struct jpeg_decompress_struct decompress;
  struct jpeg_error_mgr errors;
  struct jpeg_source_mgr source;
  struct jpeg_progress_mgr progress;
  jmp_buf jump;
  const uint8_t *bytes;
  size_t count;
  int scan_limit;
  char message[JMSG_LENGTH_MAX];
};

static void fail(j_common_ptr common) {
  scalenet_jpeg *jpeg = common->client_data;
  common->err->format_message(common, jpeg->message);
  longjmp(jpeg->jump, 1);
}

// Warnings of damaged data are counted by the library and not printed: decoding goes on, as it does in Pillow.
static void ignore_message(j_common_ptr common) { (void)common; }
static void ignore_source(j_decompress_ptr decompress) { (void)decompress; }

// All bytes there are were given at the beginning. Saying so suspends the library, which makes a truncated image
// different from one that ends with a marker.
static boolean has_no_more(j_decompress_ptr decompress) {
  (void)decompress;
  return FALSE;
}

static void skip(j_decompress_ptr decompress, long count) {
  if (count <= 0) return;
  struct jpeg_source_mgr *source = decompress->src;
  size_t skipped = (size_t)count < source->bytes_in_buffer ? (size_t)count : source->bytes_in_buffer;
  source->next_input_byte += skipped;
  source->bytes_in_buffer -= skipped;
}

// A few bytes can hold thousands of scans over a large image, each of which costs as much as the image is large.
static void check_scans(j_common_ptr common) {
  scalenet_jpeg *jpeg = common->client_data;
  if (jpeg->decompress.input_scan_number <= jpeg->scan_limit) return;
  snprintf(jpeg->message, sizeof jpeg->message, "more than %d scans", jpeg->scan_limit);
  longjmp(jpeg->jump, 1);
}

scalenet_jpeg *scalenet_jpeg_create(const uint8_t *bytes, size_t count) {
  scalenet_jpeg *jpeg = calloc(1, sizeof *jpeg);
  if (!jpeg) return NULL;
  jpeg->bytes = bytes;
  jpeg->count = count;
  jpeg->decompress.err = jpeg_std_error(&jpeg->errors);
  jpeg->errors.error_exit = fail;
  jpeg->errors.output_message = ignore_message;
  jpeg->decompress.client_data = jpeg;
  if (setjmp(jpeg->jump)) {
    jpeg_destroy_decompress(&jpeg->decompress);
    free(jpeg);
    return NULL;
  }
  jpeg_create_decompress(&jpeg->decompress);
  jpeg->source.next_input_byte = bytes;
  jpeg->source.bytes_in_buffer = count;
  jpeg->source.init_source = ignore_source;
  jpeg->source.term_source = ignore_source;
  jpeg->source.fill_input_buffer = has_no_more;
  jpeg->source.skip_input_data = skip;
  jpeg->source.resync_to_restart = jpeg_resync_to_restart;
  jpeg->decompress.src = &jpeg->source;
  return jpeg;
}

void scalenet_jpeg_destroy(scalenet_jpeg *jpeg) {
  if (!jpeg) return;
  jpeg_destroy_decompress(&jpeg->decompress);
  free(jpeg);
}

scalenet_image_status scalenet_jpeg_read_header(scalenet_jpeg *jpeg, scalenet_jpeg_header *header) {
  if (setjmp(jpeg->jump)) return SCALENET_IMAGE_REFUSED;
  struct jpeg_decompress_struct *decompress = &jpeg->decompress;
  int state;
  // Files may begin with images that hold tables only.
  do state = jpeg_read_header(decompress, FALSE);
  while (state == JPEG_HEADER_TABLES_ONLY);
  if (state == JPEG_SUSPENDED) return SCALENET_IMAGE_TRUNCATED;
  switch (decompress->num_components) {
    case 1: decompress->out_color_space = JCS_GRAYSCALE; break;
    case 3: decompress->out_color_space = JCS_RGB; break;
    case 4: decompress->out_color_space = JCS_CMYK; break;
    default:
      snprintf(
          jpeg->message, sizeof jpeg->message, "%d components, and not 1, 3 or 4", decompress->num_components);
      return SCALENET_IMAGE_REFUSED;
  }
  header->width = decompress->image_width;
  header->height = decompress->image_height;
  header->channels = (uint32_t)decompress->num_components;
  return SCALENET_IMAGE_DONE;
}

scalenet_image_status scalenet_jpeg_start(scalenet_jpeg *jpeg, int scan_limit) {
  if (setjmp(jpeg->jump)) return SCALENET_IMAGE_REFUSED;
  jpeg->scan_limit = scan_limit;
  jpeg->progress.progress_monitor = check_scans;
  jpeg->decompress.progress = &jpeg->progress;
  // The most exact of the library's transforms, which is also its default and Pillow's.
  jpeg->decompress.dct_method = JDCT_ISLOW;
  return jpeg_start_decompress(&jpeg->decompress) ? SCALENET_IMAGE_DONE : SCALENET_IMAGE_TRUNCATED;
}

scalenet_image_status scalenet_jpeg_read_rows(scalenet_jpeg *jpeg, uint8_t *rows, size_t count) {
  if (setjmp(jpeg->jump)) return SCALENET_IMAGE_REFUSED;
  struct jpeg_decompress_struct *decompress = &jpeg->decompress;
  size_t stride = (size_t)decompress->output_width * (size_t)decompress->output_components;
  size_t end = decompress->output_scanline + count;
  JSAMPROW row = rows;
  while (decompress->output_scanline < end) {
    if (jpeg_read_scanlines(decompress, &row, 1) != 1) return SCALENET_IMAGE_TRUNCATED;
    row += stride;
  }
  // What stands between the image data and the end marker has to be JPEG, but need not be complete.
  if (end == decompress->output_height) jpeg_finish_decompress(decompress);
  return SCALENET_IMAGE_DONE;
}

size_t scalenet_jpeg_rows_read(const scalenet_jpeg *jpeg) { return jpeg->decompress.output_scanline; }

size_t scalenet_jpeg_position(const scalenet_jpeg *jpeg) {
  return jpeg->count - jpeg->source.bytes_in_buffer;
}

const char *scalenet_jpeg_message(const scalenet_jpeg *jpeg) { return jpeg->message; }

struct target {
  struct jpeg_compress_struct compress;
  struct jpeg_error_mgr errors;
  jmp_buf jump;
  unsigned char *bytes;
  unsigned long count;
};

static void fail_writing(j_common_ptr common) {
  longjmp(((struct target *)common->client_data)->jump, 1);
}

static int write_image(
    struct target *target, const uint8_t *rgb, uint32_t width, uint32_t height, int quality) {
  struct jpeg_compress_struct *compress = &target->compress;
  if (setjmp(target->jump)) return 0;
  jpeg_create_compress(compress);
  jpeg_mem_dest(compress, &target->bytes, &target->count);
  compress->image_width = width;
  compress->image_height = height;
  compress->input_components = 3;
  compress->in_color_space = JCS_RGB;
  jpeg_set_defaults(compress);
  jpeg_set_quality(compress, quality, TRUE);
  jpeg_start_compress(compress, TRUE);
  while (compress->next_scanline < height) {
    // The library takes rows that it may write to, and does not write.
    JSAMPROW row = (JSAMPROW)(uintptr_t)(rgb + (size_t)compress->next_scanline * width * 3);
    jpeg_write_scanlines(compress, &row, 1);
  }
  jpeg_finish_compress(compress);
  return 1;
}

uint8_t *scalenet_jpeg_encode(
    const uint8_t *rgb, uint32_t width, uint32_t height, int quality, size_t *count) {
  struct target *target = calloc(1, sizeof *target);
  if (!target) return NULL;
  target->compress.err = jpeg_std_error(&target->errors);
  target->errors.error_exit = fail_writing;
  target->errors.output_message = ignore_message;
  target->compress.client_data = target;
  int is_written = write_image(target, rgb, width, height, quality);
  // Only this tells where the bytes stand after they had to grow.
  if (!is_written && target->compress.dest) target->compress.dest->term_destination(&target->compress);
  jpeg_destroy_compress(&target->compress);
  uint8_t *bytes = target->bytes;
  if (is_written) {
    *count = target->count;
  } else {
    free(bytes);
    bytes = NULL;
  }
  free(target);
  return bytes;
}

void scalenet_image_free(uint8_t *bytes) { free(bytes); }

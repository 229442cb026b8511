#include "CImageCodec.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

struct scalenet_png {
  png_structp reader;
  png_infop info;
  const uint8_t *bytes;
  size_t count;
  size_t position;
  size_t rows_read;
  int has_ended;
  int passes;
  char message[256];
};

static void fail(png_structp reader, png_const_charp message) {
  scalenet_png *png = png_get_error_ptr(reader);
  strncpy(png->message, message, sizeof png->message - 1);
  png_longjmp(reader, 1);
}

// Warnings are of chunks that are not used here.
static void ignore_warning(png_structp reader, png_const_charp message) {
  (void)reader;
  (void)message;
}

static void read_bytes(png_structp reader, png_bytep target, size_t count) {
  scalenet_png *png = png_get_io_ptr(reader);
  if (count > png->count - png->position) {
    png->has_ended = 1;
    png->position = png->count;
    png_error(reader, "the bytes ended");
  }
  memcpy(target, png->bytes + png->position, count);
  png->position += count;
  // The header of a chunk of image data that is longer than what is left: its length becomes what there is, so that the
  // library decompresses all of it. It then misses what it still needs, or needs no more.
  if (count == 8 && memcmp(target + 4, "IDAT", 4) == 0) {
    size_t left = png->count - png->position;
    size_t length = (size_t)target[0] << 24 | (size_t)target[1] << 16 | (size_t)target[2] << 8 | target[3];
    if (length > left) png_save_uint_32(target, (png_uint_32)left);
  }
}

static scalenet_image_status failure(const scalenet_png *png) {
  return png->has_ended ? SCALENET_IMAGE_TRUNCATED : SCALENET_IMAGE_REFUSED;
}

scalenet_png *scalenet_png_create(const uint8_t *bytes, size_t count) {
  scalenet_png *png = calloc(1, sizeof *png);
  if (!png) return NULL;
  png->bytes = bytes;
  png->count = count;
  png->passes = 1;
  png->reader = png_create_read_struct(PNG_LIBPNG_VER_STRING, png, fail, ignore_warning);
  png->info = png->reader ? png_create_info_struct(png->reader) : NULL;
  if (!png->info) {
    scalenet_png_destroy(png);
    return NULL;
  }
  png_set_read_fn(png->reader, png, read_bytes);
  return png;
}

void scalenet_png_destroy(scalenet_png *png) {
  if (!png) return;
  png_destroy_read_struct(&png->reader, &png->info, NULL);
  free(png);
}

scalenet_image_status scalenet_png_read_header(scalenet_png *png, scalenet_png_header *header) {
  if (setjmp(png_jmpbuf(png->reader))) return failure(png);
  // The caller has a limit of its own, of pixels.
  png_set_user_limits(png->reader, 0x7fffffff, 0x7fffffff);
  // Colour management, text and time are nobody's business here, and their decompression a danger.
  png_set_keep_unknown_chunks(png->reader, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
  // Before the image data every checksum counts.
  png_set_crc_action(png->reader, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
  png_read_info(png->reader, png->info);
  header->width = png_get_image_width(png->reader, png->info);
  header->height = png_get_image_height(png->reader, png->info);
  header->bit_depth = png_get_bit_depth(png->reader, png->info);
  header->color_type = png_get_color_type(png->reader, png->info);
  header->is_interlaced = png_get_interlace_type(png->reader, png->info) != PNG_INTERLACE_NONE;
  header->channels = png_get_channels(png->reader, png->info);
  return SCALENET_IMAGE_DONE;
}

scalenet_image_status scalenet_png_start(scalenet_png *png, int keeps_16_bits) {
  if (setjmp(png_jmpbuf(png->reader))) return failure(png);
  // From here on the image data has its own checksum, in its zlib stream. Pillow looks at that one only.
  png_set_crc_action(png->reader, PNG_CRC_QUIET_USE, PNG_CRC_QUIET_USE);
  png_set_check_for_invalid_index(png->reader, 0);
  png_set_packing(png->reader);
  if (!keeps_16_bits) png_set_strip_16(png->reader);
  png->passes = png_set_interlace_handling(png->reader);
  png_read_update_info(png->reader, png->info);
  return SCALENET_IMAGE_DONE;
}

// Whether every row has its final samples. Behind the last of them the library looks for the end of the image data;
// what is wrong there changes no pixel.
static int is_complete(const scalenet_png *png) {
  return png->passes > 1
      ? png_get_current_pass_number(png->reader) >= png->passes
      : png_get_current_row_number(png->reader) >= png_get_image_height(png->reader, png->info);
}

scalenet_image_status scalenet_png_read_rows(scalenet_png *png, uint8_t *rows, size_t count) {
  if (setjmp(png_jmpbuf(png->reader))) {
    if (is_complete(png)) {
      png->rows_read = png_get_image_height(png->reader, png->info);
      return SCALENET_IMAGE_DONE;
    }
    return failure(png);
  }
  size_t stride = png_get_rowbytes(png->reader, png->info);
  for (int pass = 0; pass < png->passes; pass++) {
    for (size_t index = 0; index < count; index++) {
      png_read_row(png->reader, rows + index * stride, NULL);
      if (pass + 1 == png->passes) png->rows_read++;
    }
  }
  return SCALENET_IMAGE_DONE;
}

size_t scalenet_png_rows_read(const scalenet_png *png) { return png->rows_read; }
size_t scalenet_png_position(const scalenet_png *png) { return png->position; }
const char *scalenet_png_message(const scalenet_png *png) { return png->message; }

struct target {
  png_structp writer;
  png_infop info;
  uint8_t *bytes;
  size_t count;
  size_t capacity;
};

static void fail_writing(png_structp writer, png_const_charp message) {
  (void)message;
  png_longjmp(writer, 1);
}

static void append(png_structp writer, png_bytep source, size_t count) {
  struct target *target = png_get_io_ptr(writer);
  if (count > target->capacity - target->count) {
    size_t capacity = target->capacity * 2 + count;
    uint8_t *bytes = realloc(target->bytes, capacity);
    if (!bytes) png_error(writer, "no memory");
    target->bytes = bytes;
    target->capacity = capacity;
  }
  memcpy(target->bytes + target->count, source, count);
  target->count += count;
}

static void flush(png_structp writer) { (void)writer; }

static int write_image(struct target *target, const uint8_t *rgb, uint32_t width, uint32_t height) {
  if (setjmp(png_jmpbuf(target->writer))) return 0;
  png_set_write_fn(target->writer, target, append, flush);
  png_set_user_limits(target->writer, 0x7fffffff, 0x7fffffff);
  png_set_IHDR(
      target->writer, target->info, width, height, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
      PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_write_info(target->writer, target->info);
  for (uint32_t row = 0; row < height; row++) {
    png_write_row(target->writer, rgb + (size_t)row * width * 3);
  }
  png_write_end(target->writer, NULL);
  return 1;
}

uint8_t *scalenet_png_encode(const uint8_t *rgb, uint32_t width, uint32_t height, size_t *count) {
  struct target target = {0};
  target.writer = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, fail_writing, ignore_warning);
  target.info = target.writer ? png_create_info_struct(target.writer) : NULL;
  int is_written = target.info && write_image(&target, rgb, width, height);
  png_destroy_write_struct(&target.writer, &target.info);
  if (!is_written) {
    free(target.bytes);
    return NULL;
  }
  *count = target.count;
  return target.bytes;
}

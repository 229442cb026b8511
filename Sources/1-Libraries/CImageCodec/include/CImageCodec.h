// Reading and writing images with libjpeg-turbo and libpng, whose errors are jumps: every setjmp and every longjmp
// is within these functions, so that a caller in Swift sees a status and a text.
//
// A reader is made of bytes, which must stay where they are until it is destroyed. The header is read first, so that
// the caller can refuse a size before memory is taken for it. A reader belongs to one thread at a time; different
// readers share nothing.
#ifndef SCALENET_CIMAGECODEC_H
#define SCALENET_CIMAGECODEC_H

#include <stddef.h>
#include <stdint.h>

typedef enum {
  SCALENET_IMAGE_DONE = 0,
  // The bytes ended before what was asked for.
  SCALENET_IMAGE_TRUNCATED = 1,
  // The library refused the bytes; its own words are in the message.
  SCALENET_IMAGE_REFUSED = 2,
} scalenet_image_status;

// JPEG.

typedef struct scalenet_jpeg scalenet_jpeg;

typedef struct {
  uint32_t width;
  uint32_t height;
  // What one pixel of a row has: 1 grey, 3 RGB, 4 CMYK as it stands in the file.
  uint32_t channels;
} scalenet_jpeg_header;

// Null if there is no memory.
scalenet_jpeg *scalenet_jpeg_create(const uint8_t *bytes, size_t count);
void scalenet_jpeg_destroy(scalenet_jpeg *jpeg);
scalenet_image_status scalenet_jpeg_read_header(scalenet_jpeg *jpeg, scalenet_jpeg_header *header);
// Begins decompression; of a progressive image all scans are read. More scans than `scan_limit` are refused.
scalenet_image_status scalenet_jpeg_start(scalenet_jpeg *jpeg, int scan_limit);
// Reads the next `count` rows, one behind the other.
scalenet_image_status scalenet_jpeg_read_rows(scalenet_jpeg *jpeg, uint8_t *rows, size_t count);
// How many rows have been read.
size_t scalenet_jpeg_rows_read(const scalenet_jpeg *jpeg);
// The offset of the next byte to be read.
size_t scalenet_jpeg_position(const scalenet_jpeg *jpeg);
const char *scalenet_jpeg_message(const scalenet_jpeg *jpeg);

// PNG.

typedef struct scalenet_png scalenet_png;

typedef struct {
  uint32_t width;
  uint32_t height;
  // As IHDR has them: bits of a sample; 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGB and alpha.
  uint8_t bit_depth;
  uint8_t color_type;
  uint8_t is_interlaced;
  uint8_t channels;
} scalenet_png_header;

scalenet_png *scalenet_png_create(const uint8_t *bytes, size_t count);
void scalenet_png_destroy(scalenet_png *png);
scalenet_image_status scalenet_png_read_header(scalenet_png *png, scalenet_png_header *header);
// Begins decompression. A sample below 8 bits becomes a byte of the same value; a sample of 16 bits stays two bytes,
// big-endian, if `keeps_16_bits`, and else becomes its high byte.
scalenet_image_status scalenet_png_start(scalenet_png *png, int keeps_16_bits);
// Reads the next `count` rows, one behind the other; of an interlaced image all rows at once.
scalenet_image_status scalenet_png_read_rows(scalenet_png *png, uint8_t *rows, size_t count);
size_t scalenet_png_rows_read(const scalenet_png *png);
size_t scalenet_png_position(const scalenet_png *png);
const char *scalenet_png_message(const scalenet_png *png);

// Writing. `rgb` holds width x height x 3 bytes. The result is to be freed with scalenet_image_free; null if there is no
// memory or the library refused.
uint8_t *scalenet_jpeg_encode(
    const uint8_t *rgb, uint32_t width, uint32_t height, int quality, size_t *count);
uint8_t *scalenet_png_encode(const uint8_t *rgb, uint32_t width, uint32_t height, size_t *count);
void scalenet_image_free(uint8_t *bytes);

#endif

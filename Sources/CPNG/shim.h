#include <png.h>
#include <setjmp.h>
#include <string.h>

// libpng reports failures by longjmp, over which no Swift frame may lie. Its simplified interface needs none, but takes 16-bit values for
// amounts of light, and mixes up the rows of interlaced pictures of 16 bits (1.6.39).

typedef struct {
  const unsigned char *next;
  size_t left;
  char *message;
} png_memory;

static inline void png_memory_fail(png_structp png, png_const_charp message) {
  strncpy(((png_memory *)png_get_error_ptr(png))->message, message, 127);
  png_longjmp(png, 1);
}

static inline void png_memory_ignore(png_structp png, png_const_charp message) {
  (void)png;
  (void)message;
}

static inline void png_memory_read(png_structp png, png_bytep to, size_t count) {
  png_memory *memory = png_get_io_ptr(png);
  if (count > memory->left) png_error(png, "it ends early");
  memcpy(to, memory->next, count);
  memory->next += count;
  memory->left -= count;
}

// Decodes a picture of known size to 8-bit RGBA: 16 bits scaled linearly, opacity not multiplied in, gamma and profiles ignored.
// Returns 1, or 0 with a message of at most 127 characters.
static inline int png_decode_rgba(const unsigned char *bytes, size_t count, unsigned width, unsigned height, unsigned char *pixels, char *message) {
  png_memory memory = {bytes, count, message};
  memset(message, 0, 128);
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &memory, png_memory_fail, png_memory_ignore);
  png_infop info = png ? png_create_info_struct(png) : NULL;
  if (!info) {
    png_destroy_read_struct(&png, NULL, NULL);
    return 0;
  }
  if (setjmp(png_jmpbuf(png))) {
    png_destroy_read_struct(&png, &info, NULL);
    return 0;
  }
  png_set_read_fn(png, &memory, png_memory_read);
  png_set_user_limits(png, 0x7FFFFFFF, 0x7FFFFFFF);
  png_read_info(png, info);
  png_set_expand(png);
  png_set_scale_16(png);
  png_set_gray_to_rgb(png);
  png_set_add_alpha(png, 255, PNG_FILLER_AFTER);
  int passes = png_set_interlace_handling(png);
  png_read_update_info(png, info);
  if (png_get_image_width(png, info) != width || png_get_image_height(png, info) != height || png_get_rowbytes(png, info) != 4 * (size_t)width)
    png_error(png, "its header is not where it belongs");
  for (int pass = 0; pass < passes; pass++)
    for (unsigned row = 0; row < height; row++) png_read_row(png, pixels + 4 * (size_t)width * row, NULL);
  png_destroy_read_struct(&png, &info, NULL);
  return 1;
}

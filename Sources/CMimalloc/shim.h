// An allocator in place of the C library's: being linked is all it takes, and a linker that leaves out what nobody calls
// leaves it in when its version is asked for.
#pragma once

#include <mimalloc.h>

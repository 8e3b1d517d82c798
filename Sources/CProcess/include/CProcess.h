#pragma once

#if __has_include("cprocess_process.h")
#include "cprocess_process.h"
#endif
#include "cprocess_pty.h"

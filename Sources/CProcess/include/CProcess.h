#pragma once

#include "cprocess_process.h"
#if __has_include("cprocess_pty.h")
#include "cprocess_pty.h"
#endif

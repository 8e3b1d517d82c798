#pragma once
// What Swift's Glibc lacks, one header a concern.
#include "cprocess_process.h"
#include "cprocess_pty.h"

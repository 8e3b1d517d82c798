"""What schemathesis must know of this API and no schema says."""

import os
import zlib

import schemathesis
from schemathesis.core.parameters import ParameterLocation

RUNS = os.environ.get("FLIGHTDECK_RUNS", "").split()


def path_is_valid(case):
    component = case.meta and case.meta.components.get(ParameterLocation.PATH)
    return component is not None and component.mode.is_positive


@schemathesis.hook
def before_call(context, case, kwargs):
    # A followed stream has no end, and schemathesis reads every answer to its end.
    if case.operation.label == "GET /v1/events":
        query = dict(case.query or {})
        if str(query.get("follow", "true")).lower() == "true":
            query["follow"] = "false"
        case.query = query
    # What it lists it also revokes, and our own token is listed: only this one may go.
    if case.operation.label == "POST /v1/tokens/{id}/revoke" and path_is_valid(case):
        case.path_parameters = {"id": "spare"}
        return
    # Any text is an id, and next to none is one of a run: of two texts one becomes that.
    given = (case.path_parameters or {}).get("id")
    if RUNS and given is not None and path_is_valid(case):
        number = zlib.crc32(repr(given).encode())
        if number % 2 == 0:
            case.path_parameters = {"id": RUNS[number // 2 % len(RUNS)]}

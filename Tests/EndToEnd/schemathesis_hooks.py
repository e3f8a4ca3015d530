"""What Schemathesis is told about this API beyond its document: which things there are at the moment,
which refusals come of the desk's records, and that every refusal is a problem. Loaded by
schemathesis_check.py, which says in the environment where the server is."""

import atexit
import collections
import itertools
import json
import os
import random
import re
import urllib.request

import schemathesis
from schemathesis.core.failures import AcceptedNegativeData
from schemathesis.openapi.checks import RejectedPositiveData

ADDRESS = os.environ["FXBATCH_CHECKED_ADDRESS"]
# Sees what there is, apart from the role that is being checked; it is never revoked.
OBSERVER = os.environ["FXBATCH_CHECKED_OBSERVER"]
OWN_TOKEN = os.environ["FXBATCH_CHECKED_TOKEN"]
TALLY = os.environ["FXBATCH_CHECKED_TALLY"]
# The tokens that this run needs to the end.
KEPT_TOKENS = set(os.environ["FXBATCH_CHECKED_KEPT_TOKENS"].split(","))
CHOICE = random.Random(int(os.environ["FXBATCH_CHECKED_SEED"]))
NUMBERS = itertools.count(1)

# Where the things are in a state that suits the call. Without an entry, any will do.
SUITABLE_BATCHES = {
    "startBatch": "status=staged", "pauseBatch": "status=running,pending",
    "resumeBatch": "status=paused", "cancelBatch": "status=staged,paused",
    "retryBatch": "status=failed,partial_success", "acceptBatch": "status=failed,partial_success",
    "changeBatch": "status=staged", "deleteBatch": "status=staged,cancelled",
    "setPriority": "status=pending,staged", "approveBatch": "status=staged",
    "rejectBatch": "status=staged", "reverseBatch": "status=success,partial_success",
}
SUITABLE_TRADES = {
    "retryTrade": "status=failed,cancelled", "cancelTrade": "status=pending",
    "resolveTrade": "status=in_doubt", "confirmTrade": "status=completed",
}

# A schema says what is well formed. Whether a well-formed request can be met is a matter of the desk's
# records and of the moment, and is refused with one of these codes and statuses 400, 412 and 422,
# which are otherwise not taken for a good answer to good data.
RECORDS = {
    # A cursor is opaque: no schema tells one that was given out from one that was not.
    "invalid_cursor",
    # What has changed meanwhile; an Idempotency-Key that came with another request.
    "stale_version", "key_reused",
    "nothing_to_retry", "nothing_to_reverse",
    # Which rows there are, and how many of them are a client's.
    "unknown_row", "ambiguous_row", "repeated_row", "unknown_batch",
    # A delay is held against the greatest that stands.
    "above_greatest",
    # Of single fields and rows.
    "client_unknown", "client_inactive", "account_unknown", "account_not_open", "otc_rate_missing",
    "otc_rate_stale", "duplicate_in_file", "duplicate_recent", "unknown_trade",
    "calendar_unknown", "amount_too_small",
    # Which currencies there are, no schema lists.
    "unknown_currency", "unknown_pair", "currency_not_in_pair",
}


def observe(path):
    request = urllib.request.Request(
        f"{ADDRESS}{path}", headers={"Authorization": f"Bearer {OBSERVER}"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def some(path, name="id"):
    """One of what there is; none when there is nothing."""
    items = observe(path)["items"]
    return CHOICE.choice(items)[name] if items else None


def some_batch(operation):
    suitable = SUITABLE_BATCHES.get(operation)
    found = some(f"/api/batches?limit=20&{suitable}") if suitable else None
    return found or some("/api/batches?limit=50")


def some_trade(operation):
    suitable = SUITABLE_TRADES.get(operation)
    found = some(f"/api/trades?limit=50&{suitable}") if suitable else None
    return found or some("/api/trades?limit=50")


def some_client(operation):
    # Those that deal stay as they are, so that batches can be made for them.
    kind = "SPARE" if operation in ("changeClient", "deleteClient") else "CIF"
    return some(f"/api/clients?q={kind}&active=true", "cif_number") or "CIF1000"


def existing_part(path, operation):
    if path.startswith("/api/batches/"):
        return "id", some_batch(operation)
    if path.startswith("/api/trades/"):
        return "id", some_trade(operation)
    if path.startswith("/api/clients/"):
        return "cif_number", some_client(operation)
    if path.startswith("/api/tokens/"):
        spare = [token["id"] for token in observe("/api/tokens?limit=500")["items"]
                 if token["id"] not in KEPT_TOKENS and not token["revoked_at"]]
        return "id", CHOICE.choice(spare) if spare else None
    if path.startswith("/api/otc-rates/"):
        return "pair", "USD-ZAR"
    if path.startswith("/api/templates/"):
        return "id", some("/api/templates?limit=50")
    if path.startswith("/api/reports/reconciliations/"):
        return "id", some("/api/reports/reconciliations?limit=50")
    return None, None


def fit_trade(trade, pricing):
    trade.update(cif_number=some_client(None), external_ref=f"T{CHOICE.randrange(1 << 60)}",
                 pair="USD/ZAR", deal_currency="ZAR")
    # What is left of an allowance is soon used up by amounts drawn at random.
    trade.pop("allowance", None)
    if pricing == "fixed" and trade.get("fixed_rate") is None:
        trade["fixed_rate"] = "17.5"


def fit(body, operation):
    """Names things that there are, in a body that is well formed."""
    if operation == "createBatch":
        for trade in body.get("trades", []):
            fit_trade(trade, body.get("pricing"))
    if operation == "changeBatch" and body.get("trades"):
        for trade in (body["trades"].get("add") or []) + (body["trades"].get("change") or []):
            fit_trade(trade, "fixed")
    if operation == "saveTemplate":
        body["batch_id"] = some_batch(operation)
        body["name"] = f"template {next(NUMBERS)}-{CHOICE.randrange(1 << 30)}"
    if operation in ("cloneBatch", "useTemplate") and body.get("amounts"):
        body["amounts"] = [dict(body["amounts"][0], row=1)]
        body["amounts"][0].pop("cif_number", None)
    if operation == "setPriority":
        body["batch_id"] = some_batch(operation)
    if operation == "createClient":
        body["cif_number"] = f"SPARE{next(NUMBERS)}-{CHOICE.randrange(1 << 30)}"
        currencies = itertools.cycle(("ZAR", "USD", "EUR", "GBP"))
        body["accounts"] = [dict(account, currency=next(currencies))
                            for account in (body.get("accounts") or [])[:4]]
    if operation == "issueToken" and body.get("expires_at"):
        body["expires_at"] = "2099-12-31T23:59:59.999Z"
    if operation == "signIn" and OWN_TOKEN:
        body["token"] = OWN_TOKEN


def file_for(operation, query):
    """A file, of which the document's schema says only that it is a text."""
    if operation == "importClients":
        number = f"SPARE{next(NUMBERS)}-{CHOICE.randrange(1 << 30)}"
        return f"Client,Client CIF,Fixed Spread\nInvented,{number},358\n"
    fixed = "yes,17.5" if (query or {}).get("pricing") == "fixed" else "no,"
    rows = [f"{some_client(None)},{10000 + row}.00,T{CHOICE.randrange(1 << 60)},{fixed}"
            for row in range(3)]
    return "\n".join(["Client CIF,Amount ZAR,Reference,Fix Rate?,Fixed Rate", *rows]) + "\n"


@schemathesis.hook
def before_call(context, case, kwargs):
    operation = case.operation.definition.raw.get("operationId")
    parts = case.path_parameters
    # What the run itself depends on is not taken from under it, whatever was drawn.
    if operation == "revokeToken" and str(parts.get("id", "")).lower() in KEPT_TOKENS:
        parts["id"] = "0191f1c2-7a40-7abc-8def-0123456789ab"
    meta = case.meta
    if meta is None or not meta.generation.mode.is_positive:
        return
    # Sequences of calls name what earlier answers brought.
    if meta.phase.name.value != "stateful" and parts and CHOICE.random() < 0.9:
        name, existing = existing_part(case.operation.path, operation)
        if existing:
            parts[name] = existing
    seen = (case.headers or {}).get("If-Match")
    if seen is not None and not re.fullmatch(r'"(0|[1-9][0-9]{0,17})"|\*', seen):
        # Where it covers a schema, Schemathesis makes headers of letters and digits only.
        case.headers["If-Match"] = "*"
    if case.media_type == "text/csv":
        case.body = file_for(operation, case.query)
    elif isinstance(case.body, dict):
        fit(case.body, operation)
        if operation in ("approveBatch", "rejectBatch") and CHOICE.random() < 0.9:
            # As whoever decides has seen it.
            seen = [batch for batch in observe("/api/batches?limit=50&status=staged")["items"]
                    if batch["last_decision"] is None]
            if seen:
                batch = CHOICE.choice(seen)
                parts["id"], case.body["content_hash"] = batch["id"], batch["content_hash"]
                if "If-Match" in (case.headers or {}):
                    case.headers["If-Match"] = f'"{batch["version"]}"'
        if operation == "createBatch":
            # These parameters are for files, which no schema can say.
            case.query = {}


@schemathesis.hook
def filter_failure(context, failure, case, response):
    if isinstance(failure, AcceptedNegativeData):
        # Any text is a file, and what is wrong with it is what a preview answers.
        return not (case.operation.path == "/api/batches/preview" and "in body" in failure.message)
    if not isinstance(failure, RejectedPositiveData):
        return True
    problem = response.json()
    if any(error.get("pointer") == "" and error["code"] == "out_of_range"
           for error in problem.get("errors", [])):
        # How many trades a batch would have then.
        return False
    if any(error.get("parameter") in ("from", "columns", "cursor")
           and error["code"] in ("out_of_range", "unexpected") for error in problem.get("errors", [])):
        # Parameters that do not go together, which no schema can say.
        return False
    codes = {error["code"] for error in problem.get("errors", [])} or {problem.get("code")}
    return not codes <= RECORDS


@schemathesis.check
def every_refusal_is_a_problem(ctx, response, case):
    """RFC 9457, also where a request is so odd that the checks of conformance leave it out."""
    if response.status_code < 400 or response.request.method == "HEAD":
        return
    type = response.headers.get("content-type", [""])[0]
    assert type == "application/problem+json", f"{response.status_code} comes as {type!r}"
    problem = response.json()
    missing = {"type", "code", "title", "status", "detail", "instance", "request_id"} - set(problem)
    assert not missing, f"the problem does not say {missing}"
    assert problem["status"] == response.status_code, "the problem has another status"


tally = collections.defaultdict(collections.Counter)


@schemathesis.hook
def after_call(context, case, response):
    tally[case.operation.label][response.status_code] += 1


@atexit.register
def write_tally():
    with open(TALLY, "w") as file:
        json.dump(tally, file)

import FXAPI
import FXEngine
import FXFiles
import FXJSON

/// What a file would become if it was taken in now: every row, and everything that is wrong with it.
/// Nothing is stored.
struct BatchPreview: Sendable {
  let submission: BatchSubmission

  var routes: [Route] {
    [
      Route(.post, "/api/batches/preview", .role(.dealer), body: .csv) { try await preview($0) }
    ]
  }

  private func preview(_ call: Call) async throws -> Answer {
    guard case .csv(let bytes) = call.body else {
      throw Problem(.unsupportedType, "Send the rows as text/csv.")
    }
    var query = try call.query()
    let options = submission.options(&query)
    try query.finish()
    guard options.problems.isEmpty else { throw Problem(.options(options.problems)) }
    var parser = TradeFileParser()
    parser.consume(bytes.span)
    let rows: [TradeRow]
    var problems = FileProblems()
    let warnings: [FileWarning]
    switch parser.finish() {
    case .accepted(let all, let noted): (rows, warnings) = (all, noted)
    case .refused(let found, let noted):
      (rows, problems, warnings) = (parser.goodRows, found, noted)
    }
    let preview = try await submission.orders.backend.intake.preview(
      rows, options, listed: CallBounds.previewedRows)
    problems.merge(preview.problems)
    return .json([
      "is_valid": .bool(problems.isEmpty), "readable_rows": JSON(preview.readableRows),
      "clients": JSON(preview.clients), "totals": .array(preview.totals.map(\.json)),
      "rows": .array(preview.rows.map(\.json)), "warnings": warnings.json,
      "total_errors": JSON(problems.total), "errors": .array(problems.kept.map(\.json)),
    ])
  }
}

extension IntakePreview.Row {
  fileprivate var json: JSON {
    [
      "row": JSON(given.row), "cif_number": .string(given.cifNumber),
      "client_name": JSON(client?.name), "pair": JSON(given.pair),
      "side": .string(given.side.rawValue), "deal_amount": .string(given.amount.decimalText),
      "deal_currency": JSON(given.amount.currency), "delivery": .string(given.delivery.rawValue),
      "value_date": JSON(valueDate), "spread": JSON(spread?.decimalText),
      "expected_rate": JSON(expectedRate), "is_indicative": .bool(isIndicative),
      "expected_counter_amount": JSON(expectedCounterAmount?.decimalText),
      "counter_currency": JSON(given.pair.counter(of: given.amount.currency)),
      "allowance": JSON(given.allowance?.rawValue), "external_ref": JSON(given.reference),
    ]
  }
}

extension IntakePreview.Total {
  fileprivate var json: JSON {
    [
      "pair": JSON(pair), "side": .string(side.rawValue), "trades": JSON(trades),
      "currency": JSON(amount.currency), "amount": .string(amount.decimalText),
    ]
  }
}

extension RowProblem {
  fileprivate var json: JSON {
    [
      "row": JSON(row), "column": JSON(column), "code": .string(code.rawValue),
      "detail": .string(detail),
    ]
  }
}

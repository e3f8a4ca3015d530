import FXDomain
import FXPorts

/// One HTTP answer, as far as it matters.
struct HTTPReply: Hashable, Sendable {
  var status: Int
  /// The Date header; nil when there is none, or more than one.
  var date: String?
  var retryAfter: String?
  var body: [UInt8]
}

/// What one HTTP answer to a business call says.
enum Verdict: Sendable {
  /// HTTP 200 with `resultCode` 0.
  case success(AnswerFields, BankReceipt)
  /// A well-formed envelope with `resultCode` above 0, under HTTP 200 or a 4xx that is about the
  /// request itself.
  case refused(BankRefusal, BankReceipt, status: Int)
  case trouble(BankTrouble, BankReceipt)

  /// A flat ladder: the status first, since an envelope under 401, 429 or 5xx proves nothing.
  ///
  /// - Parameters:
  ///   - sentAt: when the request left, by our clock.
  ///   - receivedAt: when the reply was there, by our clock.
  init(of reply: HTTPReply, sentAt: Timestamp, receivedAt: Timestamp) {
    var receipt = BankReceipt(
      bankDate: reply.date.flatMap(HTTPDate.read), sentAt: sentAt, receivedAt: receivedAt)
    let wait = reply.retryAfter.flatMap {
      HTTPDate.retryAfterMilliseconds($0, now: receipt.bankDate ?? receivedAt)
    }
    let document = Self.document(in: reply.body)
    if case .success(let members) = document {
      receipt.bankTransactionID = Self.transactionID(in: members)
    }
    switch reply.status {
    case 401, 403: self = .trouble(.unauthorized, receipt)
    case 429, 503: self = .trouble(.rateLimited(retryAfterMilliseconds: wait), receipt)
    case 200:
      do {
        self = try Self.envelope(document.get(), receipt, status: 200)
      } catch {
        self = .trouble(.unreadable(error.why), receipt)
      }
    case 408: self = .trouble(.httpStatus(408), receipt)
    case 400..<500:
      // An envelope makes it the bank's answer; without one anything on the way may have spoken.
      guard case .success(let members) = document,
        case .success(.refused(let refusal, let receipt, let status)) =
          Result(catching: { () throws(UnreadableAnswer) in
            try Self.envelope(members, receipt, status: reply.status)
          })
      else {
        self = .trouble(.httpStatus(reply.status), receipt)
        return
      }
      self = .refused(refusal, receipt, status: status)
    default: self = .trouble(.httpStatus(reply.status), receipt)
    }
  }

  private static func document(in body: [UInt8]) -> Result<AnswerFields, UnreadableAnswer> {
    do {
      guard case .object(let members) = try AnswerValue(reading: body) else {
        return .failure(UnreadableAnswer("the answer is not an object"))
      }
      return .success(AnswerFields(members))
    } catch {
      return .failure(UnreadableAnswer("the answer cannot be read: \(error)"))
    }
  }

  /// `header.transactionId`. An answer without one, or with one of another kind, is not the worse for
  /// it: the id is for tracing.
  private static func transactionID(in answer: AnswerFields) -> String? {
    guard case .object(let header) = answer["header"],
      case .string(let id) = header["transactionId"], !id.isEmpty,
      id.utf8.count <= Limits.textCharacters, id.utf8.allSatisfy({ (0x21...0x7e).contains($0) })
    else { return nil }
    return id
  }

  private static func envelope(
    _ answer: AnswerFields, _ receipt: BankReceipt, status: Int
  ) throws(UnreadableAnswer) -> Verdict {
    let result = try answer.object("result")
    let code = try result.integer("resultCode")
    guard code >= 0 else { throw UnreadableAnswer("result.resultCode is negative") }
    guard code > 0 else { return .success(answer, receipt) }
    return .refused(refusal(result), receipt, status: status)
  }

  /// A refusal is one whatever its texts are; what is not a text is left out.
  private static func refusal(_ result: AnswerFields) -> BankRefusal {
    func text(_ name: String, in fields: AnswerFields) -> String? {
      guard case .string(let text) = fields[name] else { return nil }
      return text.withoutControlCharacters
    }
    var message = text("resultMsg", in: result) ?? text("resultmsg", in: result) ?? ""
    var complaints: [String] = []
    if case .array(let errors) = result["validationErrors"] {
      for case .object(let members) in errors {
        let error = AnswerFields(members)
        let parts = [text("validation", in: error), text("error", in: error)].compactMap { $0 }
        if !parts.isEmpty { complaints.append(parts.joined(separator: ": ")) }
      }
    }
    if !complaints.isEmpty {
      message += (message.isEmpty ? "" : " ") + "(" + complaints.joined(separator: "; ") + ")"
    }
    return BankRefusal(
      reasonCode: String(
        (text("resultReasonCode", in: result) ?? "").prefix(Limits.reasonCodeCharacters)),
      message: String(message.prefix(Limits.messageCharacters)))
  }
}

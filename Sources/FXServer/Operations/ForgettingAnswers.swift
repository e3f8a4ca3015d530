import FXDomain
import FXEngine
import FXPorts
import Logging
import ServiceLifecycle

/// Forgets what was answered to requests with a key, once they are a day old.
struct ForgettingAnswers: Service, CustomStringConvertible {
  let store: any AccessStore
  let clock: EngineClock
  let logger: Logger

  /// As the log of services names it.
  var description: String { "the forgetting of old answers" }

  func run() async throws {
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        do {
          try await clock.sleep(clock.now().uptime + CallBounds.forgettingMilliseconds)
          try await forget()
        } catch let error as StoreError {
          logger.warning("old answers are kept for now", metadata: ["error": "\(error)"])
        } catch {
          // Only cancellation is left.
          return
        }
      }
    }
  }

  /// A bounded number at a time, until none is left.
  func forget() async throws(StoreError) {
    let day = clock.now().wall.advanced(byMilliseconds: -CallBounds.keptIdempotencyMilliseconds)
    while try await store.forgetCarriedOutRequests(before: day) {}
  }
}

import FXDomain
import FXJSON
import HTTPTypes
import Hummingbird

/// Every call of the API, and the router made of them. A path known by other methods only is told so.
struct RouteTable: Sendable {
  let routes: [Route]

  func router(_ dispatcher: Dispatcher) -> some HTTPResponder<CallContext> {
    let router = Router(context: CallContext.self)
    router.add(middleware: Elsewhere(dispatcher: dispatcher))
    var methods: [String: Set<HTTPRequest.Method>] = [:]
    for route in routes {
      methods[route.path, default: []].insert(route.method)
      let path = RouterPath(stringLiteral: route.path)
      router.on(path, method: route.method) { request, context in
        await dispatcher.respond(to: request, context, on: route)
      }
      guard route.method == .get else { continue }
      methods[route.path, default: []].insert(.head)
      router.on(path, method: .head) { request, context in
        await dispatcher.respond(to: request, context, on: route)
      }
    }
    for (path, known) in methods {
      for method in Self.methods.subtracting(known) {
        let route = Self.refusing(method, path, knowing: known)
        router.on(RouterPath(stringLiteral: path), method: method) { request, context in
          await dispatcher.respond(to: request, context, on: route)
        }
      }
    }
    return router.buildResponder()
  }

  private static let methods: Set<HTTPRequest.Method> = [
    .get, .head, .post, .put, .patch, .delete, .options,
  ]

  private static func refusing(
    _ method: HTTPRequest.Method, _ path: String, knowing known: Set<HTTPRequest.Method>
  ) -> Route {
    let allowed = known.map(\.rawValue).sorted().joined(separator: ", ")
    return Route(method, path, .anybody, body: .any) { _ in
      var problem = Problem(.methodNotAllowed, "Here are allowed: \(allowed).")
      problem.fields[.allow] = allowed
      throw problem
    }
  }

  /// Answers what no route is there for: only then does anything reach it as an error.
  private struct Elsewhere: RouterMiddleware {
    let dispatcher: Dispatcher

    private static var nowhere: Route {
      Route(.get, "(unknown)", .anybody, body: .any) { _ in
        throw Problem(.notFound, "Nothing is at this path. /api/docs tells what there is.")
      }
    }

    func handle(
      _ request: Request, context: CallContext,
      next: (Request, CallContext) async throws -> Response
    ) async throws -> Response {
      do {
        return try await next(request, context)
      } catch {
        return await dispatcher.respond(to: request, context, on: Self.nowhere)
      }
    }
  }
}

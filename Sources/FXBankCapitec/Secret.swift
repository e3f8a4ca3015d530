/// A text that never shows itself: whatever prints, dumps or logs it sees that it is hidden.
public struct Secret: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible,
  CustomReflectable
{
  /// For the request that needs it, and nothing else.
  public let revealed: String

  public init(_ text: String) { self.revealed = text }

  public var isEmpty: Bool { revealed.isEmpty }
  public var description: String { "<hidden>" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: [:]) }
}

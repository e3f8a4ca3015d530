import FXDomain

/// Batches that are made again and again.
public protocol TemplateStore: Sendable {
  /// Stores a template with its rows, or nothing.
  func save(
    _ template: Template, rows: [TemplateRow], receipt: Receipt?
  ) async throws(StoreError) -> Result<Template, TemplateRefusal>
  /// In the order of their names.
  func templates(after name: String?, limit: Int) async throws(StoreError) -> [Template]
  func template(_ id: Identifier) async throws(StoreError) -> Template?
  /// In their order, after a row's number; none for a template that is not there.
  func rows(
    of template: Identifier, after row: Int, limit: Int
  ) async throws(StoreError) -> [TemplateRow]
  /// Names a template anew.
  func rename(
    _ template: Identifier, to name: String
  ) async throws(StoreError) -> Result<Template, TemplateRefusal>
  /// Deletes a template with its rows; nil where there is none.
  func deleteTemplate(_ id: Identifier) async throws(StoreError) -> Template?
}

/// Why a template was not stored or changed.
public enum TemplateRefusal: Error, Hashable, Sendable {
  case unknownTemplate
  /// Another template has this name.
  case nameTaken
  /// There are as many templates as there may be.
  case tooMany
  /// The same request has made this template before.
  case repeated
}

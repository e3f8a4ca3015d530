import FXDomain
import FXPorts

/// What a text finds, as streams of places.
extension Transaction {
  /// Batches that a text finds.
  func batchStream(_ text: SoughtText, isBackwards: Bool) throws -> PlaceStream {
    let sign: Int64 = isBackwards ? -1 : 1
    var streams = [nameStream(text, isBackwards: isBackwards)]
    streams += try clients(finding: text).map { batchStream(of: $0, isBackwards: isBackwards) }
    var places = try references(text).map { Place(batch: sign * $0.batch) }
    if let id = Identifier(text.text) {
      let key: Int64? = try value("SELECT key FROM batch_rows WHERE id = ?", id)
      places += key.map { [Place(batch: sign * $0)] } ?? []
    }
    return .any(streams + [PlaceStream(places)])
  }

  /// Trades that a text finds.
  func tradeStream(_ text: SoughtText, isBackwards: Bool) throws -> PlaceStream {
    let sign: Int64 = isBackwards ? -1 : 1
    let streams = try clients(finding: text).map { tradeStream(of: $0, isBackwards: isBackwards) }
    var places = try references(text)
    if let id = Identifier(text.text) {
      places += try all(
        """
        SELECT batch_key, key FROM trade_rows WHERE key = (SELECT trade_key FROM attempts
          WHERE deal_transaction_id = ?)
        """, id, read: { try $0.place() })
      places += try all(
        "SELECT batch_key, key FROM trade_rows WHERE id = ?", id, read: { try $0.place() })
    }
    let known = places.map { Place(batch: sign * $0.batch, trade: sign * $0.trade) }
    return .any(
      streams + [
        referenceStream(text, isBackwards: isBackwards), PlaceStream(known),
      ])
  }

  // MARK: Names

  private func nameStream(_ text: SoughtText, isBackwards: Bool) -> PlaceStream {
    let sign: Int64 = isBackwards ? -1 : 1
    let grams = PlaceStream.all(
      Grams.sought(text).map { gram in
        PlaceStream { after, limit in
          try self.all(
            isBackwards
              ? """
              SELECT batch_key FROM batch_grams WHERE gram = ? AND batch_key < ?
              ORDER BY batch_key DESC LIMIT ?
              """
              : """
              SELECT batch_key FROM batch_grams WHERE gram = ? AND batch_key > ?
              ORDER BY batch_key LIMIT ?
              """, gram, sign * after.batchBefore, limit,
            read: { Place(batch: sign * (try $0.next() as Int64)) })
        }
      })
    return PlaceStream(size: 1) { after, _ in
      var place = after
      while let next = try grams.next(after: place) {
        let name: String? = try self.value(
          "SELECT name FROM batches WHERE key = ?", sign * next.batch)
        if let name, text.isPart(of: name) { return [next] }
        place = next
      }
      return []
    }
  }

  // MARK: Clients

  /// The first clients, by CIF number, that a text fits.
  private func clients(finding text: SoughtText) throws -> [ClientKey] {
    try all(
      """
      SELECT key FROM clients WHERE is_deleted = 0
        AND (cif_number = ?1 OR instr(folded_name, ?2) > 0)
      ORDER BY cif_number LIMIT ?3
      """, text.text, text.folded, ListBounds.clientsPerText, read: { try $0.next() })
  }

  /// The batches in which a client has a trade: the index leads from one to the next.
  private func batchStream(of client: ClientKey, isBackwards: Bool) -> PlaceStream {
    let sign: Int64 = isBackwards ? -1 : 1
    return PlaceStream(size: 1) { after, _ in
      let batch: Int64? =
        isBackwards
        ? try self.value(
          """
          SELECT max(batch_key) FROM trades WHERE client_key = ? AND is_removed = 0 AND batch_key < ?
          """, client, -after.batchBefore)
        : try self.value(
          """
          SELECT min(batch_key) FROM trades WHERE client_key = ? AND is_removed = 0 AND batch_key > ?
          """, client, after.batchBefore)
      return batch.map { [Place(batch: sign * $0)] } ?? []
    }
  }

  // MARK: References

  /// Trades with this deal reference, and those with the last of the external references that begin
  /// so.
  private func references(_ text: SoughtText) throws -> [Place] {
    let deals = try all(
      """
      SELECT batch_key, key FROM trades WHERE deal_reference = ?1 COLLATE NOCASE
        AND deal_reference = ?1 AND is_removed = 0 LIMIT ?2
      """, text.text, ListBounds.referencesPerText, read: { try $0.place() })
    return try deals
      + all(
        """
        SELECT batch_key, key FROM trades WHERE external_ref >= ? AND external_ref < ?
          AND is_removed = 0 ORDER BY external_ref DESC, batch_key DESC, key DESC LIMIT ?
        """, text.text, text.text + "\u{10ffff}", ListBounds.referencesPerText,
        read: { try $0.place() })
  }

  /// All trades whose external reference is the text.
  private func referenceStream(_ text: SoughtText, isBackwards: Bool) -> PlaceStream {
    tradeStream(
      isBackwards,
      within: isBackwards
        ? """
        SELECT batch_key, key FROM trades WHERE external_ref = ? AND batch_key = ? AND key < ?
          AND is_removed = 0 ORDER BY key DESC LIMIT ?
        """
        : """
        SELECT batch_key, key FROM trades WHERE external_ref = ? AND batch_key = ? AND key > ?
          AND is_removed = 0 ORDER BY key LIMIT ?
        """,
      beyond: isBackwards
        ? """
        SELECT batch_key, key FROM trades WHERE external_ref = ? AND batch_key < ?
          AND is_removed = 0 ORDER BY batch_key DESC, key DESC LIMIT ?
        """
        : """
        SELECT batch_key, key FROM trades WHERE external_ref = ? AND batch_key > ?
          AND is_removed = 0 ORDER BY batch_key, key LIMIT ?
        """, text.text)
  }
}

extension ColumnReader {
  /// A batch's and a trade's key, in this order.
  mutating func place() throws -> Place {
    Place(batch: try next(), trade: try next())
  }
}

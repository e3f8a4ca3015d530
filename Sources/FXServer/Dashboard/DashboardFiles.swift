/// One file of the dashboard, as browsers get it.
struct DashboardFile: Sendable {
  /// Below `/assets/BUILD/`, as the modules name each other.
  let path: String
  let bytes: [UInt8]

  var type: String {
    switch path.split(separator: ".").last {
    case "js": "text/javascript; charset=utf-8"
    case "css": "text/css; charset=utf-8"
    default: "image/svg+xml"
    }
  }
}

/// Every file beside the shell; a test holds this list against the folder.
enum DashboardFiles {
  static let all: [DashboardFile] = [
    .init(path: "accounts.js", bytes: PackageResources.accounts_js),
    .init(path: "api.js", bytes: PackageResources.api_js),
    .init(path: "audit.js", bytes: PackageResources.audit_js),
    .init(path: "bank-evidence.js", bytes: PackageResources.bank_evidence_js),
    .init(path: "base.css", bytes: PackageResources.base_css),
    .init(path: "batch-edit.js", bytes: PackageResources.batch_edit_js),
    .init(path: "batch-errors.js", bytes: PackageResources.batch_errors_js),
    .init(path: "batch-plots.js", bytes: PackageResources.batch_plots_js),
    .init(path: "batch-staged.js", bytes: PackageResources.batch_staged_js),
    .init(path: "batch-summary.js", bytes: PackageResources.batch_summary_js),
    .init(path: "batch-trades.js", bytes: PackageResources.batch_trades_js),
    .init(path: "blotter-filters.js", bytes: PackageResources.blotter_filters_js),
    .init(path: "book.js", bytes: PackageResources.book_js),
    .init(path: "charts.js", bytes: PackageResources.charts_js),
    .init(path: "client-form.js", bytes: PackageResources.client_form_js),
    .init(path: "client-import.js", bytes: PackageResources.client_import_js),
    .init(path: "client-terms.js", bytes: PackageResources.client_terms_js),
    .init(path: "client.js", bytes: PackageResources.client_js),
    .init(path: "clients.js", bytes: PackageResources.clients_js),
    .init(path: "components.css", bytes: PackageResources.components_css),
    .init(path: "csv.js", bytes: PackageResources.csv_js),
    .init(path: "deliveries.js", bytes: PackageResources.deliveries_js),
    .init(path: "dialog.js", bytes: PackageResources.dialog_js),
    .init(path: "dom.js", bytes: PackageResources.dom_js),
    .init(path: "export.js", bytes: PackageResources.export_js),
    .init(path: "frame.js", bytes: PackageResources.frame_js),
    .init(path: "icon.svg", bytes: PackageResources.icon_svg),
    .init(path: "installation.js", bytes: PackageResources.installation_js),
    .init(path: "keys.js", bytes: PackageResources.keys_js),
    .init(path: "killswitch.js", bytes: PackageResources.killswitch_js),
    .init(path: "live.js", bytes: PackageResources.live_js),
    .init(path: "main.js", bytes: PackageResources.main_js),
    .init(path: "margins.js", bytes: PackageResources.margins_js),
    .init(path: "money.js", bytes: PackageResources.money_js),
    .init(path: "notices.js", bytes: PackageResources.notices_js),
    .init(path: "orders.js", bytes: PackageResources.orders_js),
    .init(path: "pages.css", bytes: PackageResources.pages_css),
    .init(path: "pages/administration.js", bytes: PackageResources.administration_js),
    .init(path: "pages/batch.js", bytes: PackageResources.batch_js),
    .init(path: "pages/blotter.js", bytes: PackageResources.blotter_js),
    .init(path: "pages/desk.js", bytes: PackageResources.desk_js),
    .init(path: "pages/doubt.js", bytes: PackageResources.doubt_js),
    .init(path: "pages/newbatch.js", bytes: PackageResources.newbatch_js),
    .init(path: "pages/papers.js", bytes: PackageResources.papers_js),
    .init(path: "pages/reference.js", bytes: PackageResources.reference_js),
    .init(path: "preview.js", bytes: PackageResources.preview_js),
    .init(path: "progress.js", bytes: PackageResources.progress_js),
    .init(path: "queue.js", bytes: PackageResources.queue_js),
    .init(path: "rates.js", bytes: PackageResources.rates_js),
    .init(path: "reconciliations.js", bytes: PackageResources.reconciliations_js),
    .init(path: "resolution.js", bytes: PackageResources.resolution_js),
    .init(path: "router.js", bytes: PackageResources.router_js),
    .init(path: "session.js", bytes: PackageResources.session_js),
    .init(path: "settings.js", bytes: PackageResources.settings_js),
    .init(path: "signin.js", bytes: PackageResources.signin_js),
    .init(path: "table.js", bytes: PackageResources.table_js),
    .init(path: "tabs.js", bytes: PackageResources.tabs_js),
    .init(path: "templates.js", bytes: PackageResources.templates_js),
    .init(path: "theme.css", bytes: PackageResources.theme_css),
    .init(path: "theme.js", bytes: PackageResources.theme_js),
    .init(path: "time.js", bytes: PackageResources.time_js),
    .init(path: "toasts.js", bytes: PackageResources.toasts_js),
    .init(path: "tokens.js", bytes: PackageResources.tokens_js),
    .init(path: "trade.js", bytes: PackageResources.trade_js),
    .init(path: "tradecolumns.js", bytes: PackageResources.tradecolumns_js),
    .init(path: "tradeform.js", bytes: PackageResources.tradeform_js),
    .init(path: "views.js", bytes: PackageResources.views_js),
    .init(path: "webhooks.js", bytes: PackageResources.webhooks_js),
    .init(path: "words.js", bytes: PackageResources.words_js),
  ]
}

// What runs here and who may do what: the server, tokens, webhooks, and the audit log.

import { audit } from "../audit.js";
import { installation } from "../installation.js";
import { showPart } from "../tabs.js";
import { tokens } from "../tokens.js";
import { webhooks } from "../webhooks.js";

const PARTS = [
  { path: "/settings", name: "Settings", show: installation },
  { path: "/tokens", name: "Tokens", role: "admin", show: tokens },
  { path: "/webhooks", name: "Webhooks", role: "admin", show: webhooks },
  { path: "/audit", name: "Audit log", role: "approver", show: audit },
];

export const title = "Settings";

export function show(main, { params, signal }) {
  showPart(main, "Administration", PARTS, params.tab, signal);
}

// Who is signed in, and what they may do. The server checks all of it again.
//
//   can("dealer")        whether to show what takes this role
//   me.person, me.role   of whoever is signed in; me is null before

import { get, postPlain, remove, useCSRF } from "./api.js";
import { remember, remembered } from "./settings.js";

const ROLES = ["viewer", "dealer", "approver", "admin"];

export let me = null;

export function can(role) {
  return me !== null && ROLES.indexOf(me.role) >= ROLES.indexOf(role);
}

function accept(told) {
  me = told;
  remember("signed-in", "yes");
  useCSRF(told.csrf_token);
}

/** Whether a session of before still holds. Where nobody ever signed in, none is asked for. */
export async function resume() {
  if (remembered("signed-in") === null) return false;
  try {
    accept(await get("/api/me"));
    return true;
  } catch (error) {
    if (error.status === 401) return false;
    throw error;
  }
}

export async function signIn(token) {
  accept(await postPlain("/api/session", { token }));
}

export async function signOut() {
  await remove("/api/session");
  forget();
}

export function forget() {
  me = null;
  remember("signed-in", null);
  useCSRF(null);
}

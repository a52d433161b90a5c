// The operator's token, in the session storage of this tab alone. It is sent to this ledger only, in a header.

import { send, sendJSON } from "./http.js";

const TOKEN = "operator-token";

export const hasOperatorToken = () => sessionStorage.getItem(TOKEN) !== null;
export const keepOperatorToken = (token) => sessionStorage.setItem(TOKEN, token);
export const forgetOperatorToken = () => sessionStorage.removeItem(TOKEN);

/** The header that shows the operator's authority; none without a token. */
export function operatorHeaders() {
  const token = sessionStorage.getItem(TOKEN);
  return token === null ? {} : { Authorization: `Bearer ${token}` };
}

export const readAsOperator = (path) => send(path, { headers: operatorHeaders() });
export const writeAsOperator = (path, value) => sendJSON(path, value, operatorHeaders());

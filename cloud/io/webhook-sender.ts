import { createHmac } from "node:crypto";
import type { Delivery } from "../webhooks.ts";

const ANSWER_WITHIN_MS = 10_000;

/** Posts over HTTP; redirects are not followed, since the signature is for whom it was made for. */
export async function sendWebhook({ url, body, headers }: Delivery): Promise<number> {
  const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
  const response = await fetch(url, { method: "POST", body, headers, redirect: "manual", signal });
  await response.body?.cancel();
  return response.status;
}

/** HMAC-SHA256 over the raw body, in hex. */
export function hmacHex(secret: string, body: string): string {
  return createHmac("sha256", secret).update(body).digest("hex");
}

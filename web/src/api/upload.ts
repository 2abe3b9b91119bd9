/** One form with a file in it. */
export interface UploadRequest {
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly form: FormData
  readonly signal: AbortSignal
  /** Is told how many bytes are on their way. */
  readonly onProgress: (sentBytes: number) => void
}

/** Sends a form; rejects as `fetch` does. Browsers tell only an `XMLHttpRequest` how far it is: see xhr-upload.ts. */
export type Upload = (request: UploadRequest) => Promise<Response>

/** Where nothing tells how far it is. */
export function uploadBy(fetch: typeof globalThis.fetch): Upload {
  return ({ url, headers, form, signal }) => fetch(url, { method: 'POST', headers, body: form, signal })
}

import type { Upload } from './upload.ts'

/** For pages: tells how far the upload is, which `fetch` does not. */
export const uploadByXhr: Upload = ({ url, headers, form, signal, onProgress }) =>
  new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest()
    const abort = () => xhr.abort()
    signal.addEventListener('abort', abort, { once: true })
    xhr.upload.onprogress = ({ loaded }) => onProgress(loaded)
    xhr.onload = () => {
      const retryAfter = xhr.getResponseHeader('Retry-After')
      const init = { status: xhr.status, headers: retryAfter === null ? {} : { 'Retry-After': retryAfter } }
      resolve(new Response(xhr.status === 204 ? null : xhr.responseText, init))
    }
    xhr.onerror = () => reject(new TypeError('The upload failed'))
    xhr.onabort = () => reject(signal.reason)
    xhr.onloadend = () => signal.removeEventListener('abort', abort)
    xhr.open('POST', url)
    for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value)
    if (signal.aborted) reject(signal.reason)
    else xhr.send(form)
  })

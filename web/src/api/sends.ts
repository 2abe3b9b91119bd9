/** Sends: those of the user, and reading one that somebody else has made. Spec: vault §2.10; model/send.ts reads them. */

import type { Bytes } from '../crypto/bytes.ts'
import { objectIn } from './answer.ts'
import type { Api, Options, Progress } from './client.ts'
import { Unreachable } from './errors.ts'
import { isObject, type JsonObject, textOrNull } from './json.ts'

const MAX_FILE_BYTES = 550_502_400

export async function getSend(api: Api, id: string, { signal }: Options = {}): Promise<JsonObject> {
  return objectIn(await api.request('GET', urlOf(id), { signal }))
}

/** One of text. Returns it. */
export async function createSend(api: Api, body: JsonObject, { signal }: Options = {}): Promise<JsonObject> {
  return objectIn(await api.request('POST', 'api/sends', { body, signal }))
}

export interface AnnouncedSend {
  readonly fileId: string
  readonly send: JsonObject
}

/** One of a file, whose size once encrypted the body's `fileLength` says. Nobody can read it before it is uploaded. */
export async function announceFileSend(api: Api, body: JsonObject, { signal }: Options = {}): Promise<AnnouncedSend> {
  const answer = objectIn(await api.request('POST', 'api/sends/file/v2', { body, signal }))
  const send = objectIn(answer.sendResponse)
  const fileId = isObject(send.file) ? textOrNull(send.file.id) : null
  if (fileId === null) throw new Unreachable('The server announces no file')
  return { fileId, send }
}

/** The file that was announced, encrypted. Where it fails, the Send is to be deleted. */
export async function uploadSendFile(
  api: Api,
  { sendId, fileId }: { sendId: string; fileId: string },
  { bytes, name }: { bytes: Bytes; name: string },
  options: Options & { onProgress?: Progress | undefined } = {},
): Promise<void> {
  const form = new FormData()
  form.append('data', new Blob([bytes]), name)
  await api.upload(`${urlOf(sendId)}/file/${encodeURIComponent(fileId)}`, form, options)
}

/** All of it but its file. A password that is absent stays. Returns it. */
export async function putSend(api: Api, id: string, body: JsonObject, { signal }: Options = {}): Promise<JsonObject> {
  return objectIn(await api.request('PUT', urlOf(id), { body, signal }))
}

/** Returns it. */
export async function removeSendPassword(api: Api, id: string, { signal }: Options = {}): Promise<JsonObject> {
  return objectIn(await api.request('PUT', `${urlOf(id)}/remove-password`, { signal }))
}

export async function deleteSend(api: Api, id: string, { signal }: Options = {}): Promise<void> {
  await api.request('DELETE', urlOf(id), { signal })
}

/**
 * A token with which whoever has the link `accessId` reads the Send, for two minutes. Asking for it counts as the access.
 * `passwordHash`: model/send-key. Rejects with a `SendRefused`.
 */
export async function requestSendToken(
  api: Api,
  { accessId, passwordHash }: { accessId: string; passwordHash?: string | undefined },
  { signal }: Options = {},
): Promise<string> {
  const form = {
    grant_type: 'send_access',
    client_id: 'send',
    scope: 'api.send.access',
    send_id: accessId,
    ...(passwordHash === undefined ? {} : { password_hash_b64: passwordHash }),
  }
  const token = textOrNull(
    objectIn(await api.request('POST', 'identity/connect/token', { form, as: 'anybody', signal })).access_token,
  )
  if (token === null) throw new Unreachable('The server answers no token')
  return token
}

/** The Send that the token is for. */
export async function openSend(api: Api, token: string, { signal }: Options = {}): Promise<JsonObject> {
  return objectIn(await api.request('POST', 'api/sends/access', { body: {}, as: { token }, signal }))
}

/** Its file, encrypted. */
export async function downloadSendFile(
  api: Api,
  { token, fileId }: { token: string; fileId: string },
  { signal, onProgress }: Options & { onProgress?: Progress | undefined } = {},
): Promise<Bytes> {
  const url = `api/sends/access/file/${encodeURIComponent(fileId)}`
  const { url: place } = objectIn(await api.request('POST', url, { body: {}, as: { token }, signal }))
  return api.download(textOrNull(place) ?? '', { maxBytes: MAX_FILE_BYTES, signal, onProgress })
}

const urlOf = (id: string) => `api/sends/${encodeURIComponent(id)}`

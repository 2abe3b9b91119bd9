/** Items and folders. Bodies and answers are as in spec: vault §2.6-2.8; model/ reads and writes them. */

import { listIn, objectIn } from './answer.ts'
import type { Api, Method, Options } from './client.ts'
import type { JsonObject } from './json.ts'
import type { Secret } from './secret.ts'

/** Of a whole vault: some hundred thousand items. */
const MAX_SYNC_BYTES = 256 * 1024 * 1024
/** An import is written before it is answered. */
const IMPORT_IDLE_MS = 5 * 60_000

/** Everything, but for the domains that share logins, which only extensions need. */
export async function getSync(api: Api, { signal }: Options = {}): Promise<JsonObject> {
  const options = { signal, maxBytes: MAX_SYNC_BYTES }
  return objectIn(await api.request('GET', 'api/sync?excludeDomains=true', options))
}

export async function getItem(api: Api, id: string, { signal }: Options = {}): Promise<JsonObject> {
  return objectIn(await api.request('GET', `api/ciphers/${path(id)}`, { signal }))
}

/** Returns the item as it is now. */
export async function createItem(api: Api, body: JsonObject, { signal }: Options = {}): Promise<JsonObject> {
  return objectIn(await api.request('POST', 'api/ciphers', { body, signal }))
}

/**
 * The whole item. Returns it as it is now. `Refused` where `lastKnownRevisionDate` in the body is not the newest.
 */
export async function putItem(api: Api, id: string, body: JsonObject, { signal }: Options = {}): Promise<JsonObject> {
  return objectIn(await api.request('PUT', `api/ciphers/${path(id)}`, { body, signal }))
}

/** Only where it is, and whether it is a favourite. Returns the item as it is now. */
export async function placeItem(
  api: Api,
  id: string,
  place: { folderId: string | null; favorite: boolean },
  { signal }: Options = {},
): Promise<JsonObject> {
  return objectIn(await api.request('PUT', `api/ciphers/${path(id)}/partial`, { body: place, signal }))
}

/** Into the trash. Nothing is returned, though it has a new date. Other devices are told of this one item, as below. */
export async function trashItem(api: Api, id: string, { signal }: Options = {}): Promise<void> {
  await api.request('PUT', `api/ciphers/${path(id)}/delete`, { signal })
}

/** For good. */
export async function deleteItem(api: Api, id: string, { signal }: Options = {}): Promise<void> {
  await api.request('DELETE', `api/ciphers/${path(id)}`, { signal })
}

/** Out of the trash, into the archive, or out of it. Returns the item as it is now. */
export async function markItem(
  api: Api,
  id: string,
  mark: 'restore' | 'archive' | 'unarchive',
  { signal }: Options = {},
): Promise<JsonObject> {
  return objectIn(await api.request('PUT', `api/ciphers/${path(id)}/${mark}`, { signal }))
}

/** Into the trash. Nothing is returned: their new dates come with a sync. At least one id, here and below. */
export async function trashItems(api: Api, ids: readonly string[], options: Options = {}): Promise<void> {
  await bulk(api, 'PUT', 'api/ciphers/delete', ids, options)
}

/** For good. */
export async function deleteItems(api: Api, ids: readonly string[], options: Options = {}): Promise<void> {
  await bulk(api, 'DELETE', 'api/ciphers', ids, options)
}

/** Out of the trash. Returns them as they are now. */
export async function restoreItems(api: Api, ids: readonly string[], options: Options = {}) {
  return listIn(await bulk(api, 'PUT', 'api/ciphers/restore', ids, options))
}

/** Returns them as they are now. */
export async function archiveItems(api: Api, ids: readonly string[], options: Options = {}) {
  return listIn(await bulk(api, 'PUT', 'api/ciphers/archive', ids, options))
}

/** Returns them as they are now. */
export async function unarchiveItems(api: Api, ids: readonly string[], options: Options = {}) {
  return listIn(await bulk(api, 'PUT', 'api/ciphers/unarchive', ids, options))
}

/** Into a folder; null: out of it. Their dates stay as they are. */
export async function moveItems(
  api: Api,
  ids: readonly string[],
  folderId: string | null,
  { signal }: Options = {},
): Promise<void> {
  await api.request('PUT', 'api/ciphers/move', { body: { ids, folderId }, signal })
}

/** `{ ciphers, folders, folderRelationships: [{ key: place of the item, value: of its folder }] }`: all or nothing. */
export async function importVault(api: Api, body: JsonObject, { signal }: Options = {}): Promise<void> {
  await api.request('POST', 'api/ciphers/import', { body, signal, idleMs: IMPORT_IDLE_MS })
}

/** Deletes all items and folders for good. */
export async function purgeVault(api: Api, secret: Secret, { signal }: Options = {}): Promise<void> {
  await api.request('POST', 'api/ciphers/purge', { body: secret, signal, idleMs: IMPORT_IDLE_MS })
}

export async function getFolder(api: Api, id: string, { signal }: Options = {}): Promise<JsonObject> {
  return objectIn(await api.request('GET', `api/folders/${path(id)}`, { signal }))
}

/** `name`: an EncString, here and below. Returns the folder. */
export async function createFolder(api: Api, name: string, { signal }: Options = {}): Promise<JsonObject> {
  return objectIn(await api.request('POST', 'api/folders', { body: { name }, signal }))
}

/** Returns the folder. */
export async function putFolder(api: Api, id: string, name: string, { signal }: Options = {}): Promise<JsonObject> {
  return objectIn(await api.request('PUT', `api/folders/${path(id)}`, { body: { name }, signal }))
}

/** What is in it is in no folder then. */
export async function deleteFolder(api: Api, id: string, { signal }: Options = {}): Promise<void> {
  await api.request('DELETE', `api/folders/${path(id)}`, { signal })
}

function bulk(api: Api, method: Method, url: string, ids: readonly string[], { signal }: Options) {
  return api.request(method, url, { body: { ids }, signal })
}

const path = encodeURIComponent

import { mkdir, rm, writeFile } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import { type Json, type Reply, registerAndLogin, type TestDevice } from './account.ts'
import { startTestServer, type TestServer } from './server.ts'
import { type TemporaryFolder, temporaryFolder } from './temp.ts'

/** A data folder as Vaultwarden leaves it: nothing in it is ours. */
export interface VaultwardenFolder extends AsyncDisposable {
  readonly folder: TemporaryFolder
  readonly dataFolder: string
  /** A device that is logged in; what is at `server` is gone. */
  readonly device: TestDevice
  /** What `readAll` told when the folder was left. */
  readonly content: Json
}

/** With an account that has one of everything that an account can have. */
export async function vaultwardenFolder(): Promise<VaultwardenFolder> {
  const folder = await temporaryFolder()
  const dataFolder = folder.join('data')
  const server = await serveFolder(dataFolder)
  const device = await registerAndLogin({ server: server.webUrl })
  await fill(device)
  const content = await readAll(device)
  await server.close()
  removeOurs(folder.join('data', 'db.sqlite3'))
  await rm(folder.join('data', 'vapid_key.pem'))
  await mkdir(folder.join('data', 'tmp'))
  await writeFile(
    folder.join('data', 'config.json'),
    JSON.stringify({ signups_allowed: false, org_creation_users: 'none' }),
  )
  return { folder, dataFolder, device, content, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() }
}

/** A server on that folder, which outlives it. */
export function serveFolder(dataFolder: string): Promise<TestServer> {
  return startTestServer({ vault: { dataFolder, jobPollIntervalMs: 0 } })
}

/** What clients are told of an account, without links, which each answer makes anew; and the files behind these. */
export async function readAll({ get, server }: Pick<TestDevice, 'get' | 'server'>): Promise<Json> {
  const { json: sync } = succeeded(await get('/api/sync'))
  const { json: twoFactor } = succeeded(await get('/api/two-factor'))
  const files: Json = {}
  for (const { id, attachments } of sync.ciphers) {
    for (const attachment of attachments ?? []) {
      const { json } = succeeded(await get(`/api/ciphers/${id}/attachment/${attachment.id}`))
      const { pathname, search } = new URL(json.url)
      files[attachment.id] = await (await fetch(server + pathname + search)).text()
    }
  }
  return JSON.parse(JSON.stringify({ sync, twoFactor, files }), (key, value) => (key === 'url' ? undefined : value))
}

async function fill(device: TestDevice): Promise<void> {
  const { post, put, encrypt, passwordHash: masterPasswordHash } = device
  const { json: folder } = succeeded(await post('/api/folders', { name: encrypt('folder') }))
  const others = [
    { type: 2, secureNote: { type: 0 } },
    { type: 3, card: { number: encrypt('4111'), brand: null, code: null, cardholderName: null, expMonth: null } },
    { type: 4, identity: { firstName: encrypt('Ada') } },
    { type: 5, sshKey: { privateKey: encrypt('p'), publicKey: encrypt('q'), keyFingerprint: encrypt('r') } },
  ]
  const bodies = [
    device.loginItem('login', { folderId: folder.id, favorite: true, notes: encrypt('notes') }),
    ...others.map((fields) => device.loginItem('other', { login: null, ...fields })),
    device.loginItem('gone'),
  ]
  const ids: string[] = []
  for (const body of bodies) ids.push(succeeded(await post('/api/ciphers', body)).json.id)
  succeeded(await put(`/api/ciphers/${ids[5]}/delete`))
  succeeded(await put('/api/ciphers/archive', { ids: [ids[4]] }))
  await attach(device, ids[0]!, 'what is attached')
  await sendFile(device, 'what is sent')
  succeeded(await post('/api/settings/domains', { equivalentDomains: [['a.org', 'b.org']] }))
  const { json: recovery } = succeeded(await post('/api/two-factor/get-recover', { masterPasswordHash }))
  if (recovery === undefined) throw new Error('There is no recovery code')
}

/** Uploads an attachment as current clients do. */
export async function attach(device: TestDevice, itemId: string, text: string): Promise<string> {
  const fileName = device.encrypt('file name')
  const announcement = { key: device.encrypt('key'), fileName, fileSize: text.length, adminRequest: false }
  const { json } = succeeded(await device.post(`/api/ciphers/${itemId}/attachment/v2`, announcement))
  await upload(device, json.url, { text, fileName })
  return json.attachmentId
}

async function sendFile(device: TestDevice, text: string): Promise<void> {
  const fileName = device.encrypt('file name')
  const { json } = succeeded(
    await device.post('/api/sends/file/v2', {
      type: 1,
      key: device.encrypt('key'),
      name: device.encrypt('name'),
      notes: null,
      text: null,
      file: { fileName },
      fileLength: text.length,
      maxAccessCount: null,
      expirationDate: null,
      deletionDate: new Date(Date.now() + 86_400_000).toISOString(),
      disabled: false,
      hideEmail: false,
      password: null,
    }),
  )
  await upload(device, json.url, { text, fileName })
}

async function upload(device: TestDevice, url: string, { text, fileName }: { text: string; fileName: string }) {
  const form = new FormData()
  form.append('data', new Blob([text]), fileName)
  // Some of them are paths below `/api`.
  const { pathname } = new URL(url, device.server)
  succeeded(await device.request('POST', `/api${pathname.replace(/^\/api/, '')}`, form))
}

function succeeded(reply: Reply): Reply {
  if (reply.status >= 300) throw new Error(`${reply.status} ${JSON.stringify(reply.json)}`)
  return reply
}

function removeOurs(databaseFile: string): void {
  using database = new DatabaseSync(databaseFile)
  const ours = database.prepare(`SELECT type, name FROM sqlite_schema WHERE name LIKE 'belfry_%' AND sql IS NOT NULL`)
  // Indexes before the tables that they are of.
  for (const { type, name } of ours.all().sort((a, b) => String(a.type).localeCompare(String(b.type)))) {
    database.exec(`DROP ${type} ${name}`)
  }
}

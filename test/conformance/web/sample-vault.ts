/**
 * A vault as somebody has one: of every type, in folders, with marks, in the trash and the archive. It is written through
 * the web vault's own `Vault`. Nothing in it is real: names are of nobody, domains of `example`.
 */
import { makeSshKey } from '../../../web/src/crypto/ssh/ssh-key.ts'
import {
  CARD_MEMBERS,
  FIELD_TYPE,
  type Field,
  IDENTITY_MEMBERS,
  type Item,
  type ItemPart,
  newItem,
} from '../../../web/src/model/item.ts'
import { newSend } from '../../../web/src/model/send.ts'
import { Client } from '../../web/vault/client.ts'

export interface SampleVault {
  /** By the item's name. */
  readonly ids: ReadonlyMap<string, string>
}

const DAY_MS = 86_400_000

const [NO_FOLDER, HOME, WORK, SERVERS, TRAVEL] = [null, 'Home', 'Work', 'Work/Servers', 'Travel']
const FOLDERS = [HOME, WORK, SERVERS, TRAVEL]

interface LoginOptions {
  readonly folder: string | null
  readonly totp?: string
  readonly password?: string
}

type Sample = { readonly item: Item; readonly folder: string | null }

const field = (name: string, value: string, type: number = FIELD_TYPE.text): Field => ({
  ...{ name, value, type, linkedId: null, rest: {} },
})

function login(name: string, username: string, uri: string, { folder, totp, password }: LoginOptions): Sample {
  const part: ItemPart = {
    type: 'login',
    login: {
      username,
      password: password ?? 'sample-Zinnia-41-Harbour',
      passwordRevisionDate: null,
      totp: totp ?? null,
      uris: [{ uri, match: null, rest: {} }],
      passkeys: [],
      rest: {},
    },
  }
  return { item: newItem(name, part), folder }
}

const note = (name: string, notes: string, folder: string | null = NO_FOLDER): Sample => ({
  item: { ...newItem(name, { type: 'secureNote', secureNote: { rest: {} } }), notes },
  folder,
})

function texts<Name extends string>(members: readonly Name[], values: Partial<Record<Name, string>>) {
  const all = Object.fromEntries(members.map((name) => [name, values[name] ?? null])) as Record<Name, string | null>
  return { ...all, rest: {} }
}

async function samples(): Promise<Sample[]> {
  const totp = 'JBSWY3DPEHPK3PXP'
  const mail = login('Mail', 'mira.holm@example.org', 'https://mail.example.org', { folder: HOME, totp })
  const forge = login('Code forge', 'mholm', 'https://git.example.com', { folder: WORK, totp })
  const forgeFields = [
    field('Recovery codes', 'kelp-3141 reed-2718', FIELD_TYPE.hidden),
    field('Team', 'Bell tower'),
    field('Two-step login', 'true', FIELD_TYPE.boolean),
  ]
  const key = await makeSshKey()
  const { privateKey, publicKey, keyFingerprint } = key
  return [
    { ...mail, item: { ...mail.item, isFavorite: true, notes: 'The address for everything that matters.' } },
    { ...forge, item: { ...forge.item, isFavorite: true, fields: forgeFields } },
    login('Bank', 'mira.holm', 'https://bank.example.org/login', { folder: HOME }),
    login('Bookshop', 'mira.holm@example.org', 'https://books.example.com', { folder: HOME }),
    login('Build server', 'deploy', 'https://ci.example.com', { folder: SERVERS }),
    login('City library', '2024-118-3', 'https://library.example.org', { folder: HOME }),
    login('Cloud console', 'mira@example.com', 'https://console.example.com', { folder: WORK, totp }),
    login('Domain registrar', 'mholm', 'https://names.example.net', { folder: WORK }),
    login('Electricity', 'C-88213', 'https://power.example.org', { folder: HOME }),
    login('Flights', 'mira.holm@example.org', 'https://air.example.net', { folder: TRAVEL }),
    login('Hotel bookings', 'mira.holm@example.org', 'https://stay.example.net', { folder: TRAVEL }),
    login('Music', 'mira', 'https://music.example.com', { folder: NO_FOLDER }),
    login('Photo archive', 'mira', 'https://photos.example.org', { folder: NO_FOLDER }),
    login('Railway', 'mira.holm@example.org', 'https://rail.example.net', { folder: TRAVEL }),
    login('Router', 'admin', 'http://192.0.2.1', { folder: HOME }),
    login('Tax office', '12/345/67890', 'https://tax.example.org', { folder: HOME }),
    login('Ticket tracker', 'mholm', 'https://issues.example.com', { folder: WORK }),
    login('Weather station', 'mira', 'https://weather.example.org', { folder: NO_FOLDER }),
    note('Alarm code of the office', '1. Door first, then 40 seconds.\n2. Code: 8 3 1 4.', WORK),
    note('Wi-Fi at home', 'Network: Zinnia\nPassword: harbour-lantern-41', HOME),
    {
      item: newItem('Everyday card', {
        type: 'card',
        card: texts(CARD_MEMBERS, {
          cardholderName: 'Mira Holm',
          brand: 'Visa',
          number: '4111111111111111',
          expMonth: '8',
          expYear: '2029',
          code: '123',
        }),
      }),
      folder: HOME,
    },
    {
      item: newItem('Mira Holm', {
        type: 'identity',
        identity: texts(IDENTITY_MEMBERS, {
          title: 'Ms',
          firstName: 'Mira',
          lastName: 'Holm',
          address1: '12 Harbour Lane',
          city: 'Exampleton',
          postalCode: '12345',
          country: 'Norway',
          email: 'mira.holm@example.org',
          phone: '+47 555 01 234',
          passportNumber: 'X0000000',
        }),
      }),
      folder: NO_FOLDER,
    },
    {
      item: newItem('Deploy key', { type: 'sshKey', sshKey: { privateKey, publicKey, keyFingerprint, rest: {} } }),
      folder: SERVERS,
    },
    login('Old forum', 'mira_h', 'https://forum.example.net', { folder: NO_FOLDER }),
    login('Gym', 'mira.holm@example.org', 'https://gym.example.org', { folder: NO_FOLDER }),
  ]
}

/** Fills the vault of an account that is registered. */
export async function fillSampleVault(options: { readonly url: string; readonly email: string }): Promise<SampleVault> {
  using client = await Client.open({ ...options, isLive: false })
  const { vault } = client
  const folderIds = new Map<string, string>()
  for (const name of FOLDERS) folderIds.set(name, await vault.saveFolder({ id: null, name }))
  const ids = new Map<string, string>()
  for (const { item, folder } of await samples()) {
    const folderId = folder === null ? null : folderIds.get(folder)!
    ids.set(item.name, await vault.save({ ...item, folderId }))
  }
  const plan = new File(['Floor plan, with the bell tower.\n'.repeat(400)], 'floor-plan.txt')
  const minutes = new File(['The bell is to be rung on time.\n'.repeat(90)], 'minutes.txt')
  await vault.upload(ids.get('Mail')!, plan)
  await vault.trash([ids.get('Old forum')!])
  await vault.archive([ids.get('Gym')!])
  const inDays = (days: number) => new Date(Date.now() + days * DAY_MS)
  const text = { type: 'text', text: 'The door opens with 8 3 1 4.', isHidden: true } as const
  await vault.saveSend(newSend('Door code for the plumber', text, inDays(3)))
  const file = { type: 'file', fileName: 'minutes.txt', fileId: null, size: minutes.size } as const
  await vault.saveSend(newSend('Minutes of the meeting', file, inDays(7)), { file: minutes })
  return { ids }
}

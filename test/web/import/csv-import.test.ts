/** Tables as other programs write them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FIELD_TYPE, type Item } from '../../../web/src/model/item.ts'
import { readCsvImport } from '../../../web/src/vault/import/csv-items.ts'
import { type Import, ImportError } from '../../../web/src/vault/import/import.ts'

const NOW = new Date('2026-01-02T03:04:05.000Z')
const read = (text: string) => readCsvImport(text, NOW)

/** What there is of an item, in short. */
function shortOf({ items, folders }: Import) {
  return items.map(({ item, folder }) => ({
    ...shortItem(item),
    folder: folder === null ? null : folders[folder]?.name,
  }))
}

function shortItem(item: Item) {
  const { name, notes, fields } = item
  const login = item.type === 'login' ? item.login : undefined
  const others = fields.map(
    (field) => `${field.name}=${field.value}${field.type === FIELD_TYPE.hidden ? ' (hidden)' : ''}`,
  )
  const { username, password, totp, uris } = login ?? {}
  return { name, notes, username, password, totp, uris: uris?.map(({ uri }) => uri), fields: others }
}

const LOGIN = { name: 'Site', notes: null, username: 'alice', password: 'p,"w', totp: null, fields: [], folder: null }
const URI = 'https://www.site.example/in'

/** Header and rows as the programs export them. */
const PROGRAMS = [
  {
    format: 'chrome',
    text: `name,url,username,password,note\nSite,${URI},alice,"p,""w",\nApp,android://aGFzaA==@com.example.app/,bob,x,remember\n`,
    items: [
      { ...LOGIN, uris: [URI] },
      {
        ...LOGIN,
        name: 'App',
        uris: ['androidapp://com.example.app'],
        username: 'bob',
        password: 'x',
        notes: 'remember',
      },
    ],
    columns: [],
  },
  {
    format: 'firefox',
    text: `"url","username","password","httpRealm","formActionOrigin","guid","timeCreated","timeLastUsed","timePasswordChanged"
"${URI}","alice","p,""w",,"https://www.site.example","{e1f5}","1700000000000","1700000000001","1700000000002"
"https://router.example","","x","Router",,"{e1f6}","1700000000000","1700000000001","1700000000002"`,
    items: [
      { ...LOGIN, name: 'site.example', uris: [URI] },
      {
        ...{ ...LOGIN, name: 'router.example', uris: ['https://router.example'], username: null, password: 'x' },
        fields: ['httpRealm=Router'],
      },
    ],
    columns: ['formActionOrigin', 'guid', 'timeCreated', 'timeLastUsed', 'timePasswordChanged'],
  },
  {
    format: 'safari',
    text: `Title,URL,Username,Password,Notes,OTPAuth\nSite,${URI},alice,"p,""w",,otpauth://totp/a?secret=JBSW\n`,
    items: [{ ...LOGIN, uris: [URI], totp: 'otpauth://totp/a?secret=JBSW' }],
    columns: [],
  },
  {
    format: 'keepassxc',
    text: `"Group","Title","Username","Password","URL","Notes","TOTP","Icon","Last Modified","Created"
"Root","Site","alice","p,""w","${URI}","","","0","2026-01-01T00:00:00Z","2026-01-01T00:00:00Z"
"Root/Work/Mail","","alice","p,""w","${URI}","one
two","otpauth://totp/a?secret=JBSW","0","2026-01-01T00:00:00Z","2026-01-01T00:00:00Z"`,
    items: [
      { ...LOGIN, uris: [URI] },
      {
        ...{ ...LOGIN, name: 'site.example', uris: [URI], notes: 'one\ntwo', totp: 'otpauth://totp/a?secret=JBSW' },
        folder: 'Work/Mail',
      },
    ],
    columns: ['Icon', 'Last Modified', 'Created'],
  },
  {
    format: '1password',
    text: `Title,Url,Username,Password,OTPAuth,Favorite,Archived,Tags,Notes\nSite,${URI},alice,"p,""w",,true,true,work;home,\n`,
    items: [{ ...LOGIN, uris: [URI], fields: ['Tags=work;home'] }],
    columns: [],
  },
  {
    format: 'other-csv',
    text: `url,username,password,totp,extra,name,grouping,fav\n${URI},alice,"p,""w",,,Site,Work,0\n`,
    items: [{ ...LOGIN, uris: [URI], folder: 'Work' }],
    columns: [],
  },
  {
    format: 'other-csv',
    text: `Website,User name,Password,PIN,Colour,Account\n"${URI}\nhttps://two.example",alice,"p,""w",1234,blue,Site\n`,
    items: [{ ...LOGIN, uris: [URI, 'https://two.example'], fields: ['PIN=1234 (hidden)', 'Colour=blue'] }],
    columns: [],
  },
] as const

for (const { format, text, items, columns } of PROGRAMS) {
  test(`a table of ${format} is known by its columns, and read: ${text.slice(0, 24)}`, () => {
    const found = read(text)
    assert.equal(found.format, format)
    assert.deepEqual(shortOf(found), items)
    assert.deepEqual(found.remarks, columns.length === 0 ? [] : [{ where: null, what: 'columns', names: columns }])
  })
}

test('what is a favourite, or archived, stays it', () => {
  const [one] = read(PROGRAMS[4].text).items
  assert.deepEqual([one?.item.isFavorite, one?.item.archivedDate], [true, NOW.toISOString()])
  const [other] = read(PROGRAMS[5].text).items
  assert.deepEqual([other?.item.isFavorite, other?.item.archivedDate], [false, null])
})

const BITWARDEN = `folder,favorite,type,name,notes,fields,reprompt,archivedDate,login_uri,login_username,login_password,login_totp
Work,1,login,Site,"a
b","colour: blue
long: one
two
site: https://a.example: 8443",1,2026-01-01T00:00:00.000Z,"https://a.example,""https://b.example/?q=1,2""",alice,secret,JBSW
,,note,Note,text,,0,,,stray,hidden,
Work,,login,,,,0,,,,,`

test('a table of Bitwarden keeps folders, fields and URIs', () => {
  const found = read(BITWARDEN)
  assert.equal(found.format, 'bitwarden-csv')
  assert.deepEqual(found.folders, [{ id: null, name: 'Work' }])
  assert.deepEqual(shortOf(found), [
    {
      ...{ name: 'Site', notes: 'a\nb', username: 'alice', password: 'secret', totp: 'JBSW', folder: 'Work' },
      uris: ['https://a.example', 'https://b.example/?q=1,2'],
      // The last colon of a line parts name and value, as in the apps.
      fields: ['colour=blue', 'long=one\ntwo', 'site: https://a.example=8443'],
    },
    {
      ...{ name: 'Note', notes: 'text', username: undefined, password: undefined, totp: undefined, uris: undefined },
      ...{ folder: null, fields: ['username=stray', 'password=hidden (hidden)'] },
    },
    { ...LOGIN, name: '--', username: null, password: null, uris: [], folder: 'Work' },
  ])
  const [site, note] = found.items
  assert.deepEqual(
    [site?.item.isFavorite, site?.item.asksPassword, site?.item.archivedDate, note?.item.type],
    [true, true, '2026-01-01T00:00:00.000Z', 'secureNote'],
  )
})

test('a row with more cells than columns is told by its line, and the others are read', () => {
  const found = read('name,url,username,password\na,b,c,d\nbad,u,n,pass,word\n\nz,b,c,d,\nshort\n')
  assert.deepEqual(
    found.items.map(({ item }) => item.name),
    ['a', 'z', 'short'],
  )
  assert.deepEqual(found.remarks, [{ where: { line: 3 }, what: 'cells', names: [] }])
})

for (const [text, kind, line] of [
  ['colour,shape\nblue,round', 'unknown-format', undefined],
  ['just some text', 'unknown-format', undefined],
  ['name,url,username,password\na,b,c,"d', 'not-csv', 2],
] as const) {
  test(`${JSON.stringify(text)} is refused: ${kind}`, () => {
    assert.throws(
      () => read(text),
      (error) => error instanceof ImportError && error.kind === kind && error.line === line,
    )
  })
}

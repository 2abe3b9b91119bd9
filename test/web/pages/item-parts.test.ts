import assert from 'node:assert/strict'
import { test } from 'node:test'
import { IDENTITY_MEMBERS, newItem } from '../../../web/src/model/item.ts'
import { brandOf, groupDigits } from '../../../web/src/pages/item/card.ts'
import { emptyItem } from '../../../web/src/pages/item/draft.ts'
import { hostOf, webHref } from '../../../web/src/pages/item/link.ts'
import { linkedMembersOf, linkedValue } from '../../../web/src/pages/item/linked.ts'

// Numbers that the brands give out for tests.
for (const [number, brand, printed] of [
  ['4111111111111111', 'Visa', '4111 1111 1111 1111'],
  ['5555 5555 5555 4444', 'Mastercard', '5555 5555 5555 4444'],
  ['2223003122003222', 'Mastercard', '2223 0031 2200 3222'],
  ['378282246310005', 'Amex', '3782 822463 10005'],
  ['6011111111111117', 'Discover', '6011 1111 1111 1117'],
  ['30569309025904', 'Diners Club', '3056 9309 0259 04'],
  ['3530111333300000', 'JCB', '3530 1113 3330 0000'],
  ['6759649826438453', undefined, '6759 6498 2643 8453'],
  ['', undefined, ''],
  ['my number', undefined, 'my number'],
] as const) {
  test(`${JSON.stringify(number)} is of ${brand ?? 'no brand'}, and is shown as it is printed`, () => {
    assert.equal(brandOf(number), brand)
    assert.equal(groupDigits(number), printed)
  })
}

for (const [uri, href] of [
  ['https://a.example/x?y#z', 'https://a.example/x?y#z'],
  ['http://nas:5000/', 'http://nas:5000/'],
  ['a.example', 'https://a.example/'],
  ['a.example:8443/x', 'https://a.example:8443/x'],
  ['localhost:3000', 'https://localhost:3000/'],
  ['My bank', undefined],
  ['bank', undefined],
  ['javascript:alert(1)', undefined],
  [' JavaScript:alert(1)', undefined],
  ['java\tscript:alert(1)', undefined],
  ['data:text/html,x', undefined],
  ['androidapp://com.example.app', undefined],
  ['file:///etc/passwd', undefined],
  ['^https://.*\\.example$', undefined],
  ['', undefined],
] as const) {
  test(`${JSON.stringify(uri)} leads ${href === undefined ? 'nowhere' : `to ${href}`}`, () => {
    assert.equal(webHref(uri), href)
    assert.equal(hostOf(uri), href === undefined ? uri : new URL(href).host)
  })
}

test('a linked field shows what it stands for', () => {
  const login = emptyItem('login')
  assert.ok(login.type === 'login')
  const bank = { ...login, login: { ...login.login, username: 'alice', password: 'secret' } }
  assert.deepEqual(
    [100, 101, 300, null].map((id) => linkedValue(bank, id)),
    ['alice', 'secret', '', ''],
  )
  const texts = Object.fromEntries(IDENTITY_MEMBERS.map((name) => [name, name])) as Record<
    (typeof IDENTITY_MEMBERS)[number],
    string
  >
  const me = newItem('Me', { type: 'identity', identity: { ...texts, middleName: null, rest: {} } })
  for (const [id, member] of linkedMembersOf('identity').filter(
    ([, member]) => member !== 'fullName' && member !== 'middleName',
  )) {
    assert.equal(linkedValue(me, id), member)
  }
  assert.equal(linkedValue(me, 418), 'title firstName lastName')
})

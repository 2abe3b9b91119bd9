import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { hrefOf, parseRoute, type Route } from '../../../web/src/pages/route.ts'
import { Router } from '../../../web/src/pages/router.ts'

const addresses: readonly (readonly [hash: string, route: Partial<Route>])[] = [
  ['', { page: 'vault' }],
  ['#/', { page: 'vault' }],
  ['#/vault/favorites', { page: 'vault', path: ['favorites'] }],
  ['#/item/6f1c', { page: 'item', path: ['6f1c'] }],
  ['#/settings/two-factor', { page: 'settings', path: ['two-factor'] }],
  ['#/send/abc/K-e_y', { page: 'send', path: ['abc', 'K-e_y'] }],
  ['#/vault/folder/a%2Fb', { page: 'vault', path: ['folder', 'a/b'] }],
  // As letters have them: with a slash before the parameters and without.
  [
    '#/finish-signup/?token=a.b&email=x%2By%40z.org',
    { page: 'finish-signup', query: { token: 'a.b', email: 'x+y@z.org' } },
  ],
  ['#/verify-email/?userId=1&token=2', { page: 'verify-email', query: { userId: '1', token: '2' } }],
  [
    '#/verify-recover-delete?userId=1&token=2&email=a',
    { page: 'verify-recover-delete', query: { userId: '1', token: '2', email: 'a' } },
  ],
  ['#/recover-delete', { page: 'recover-delete' }],
  ['#/elsewhere', { page: 'not-found' }],
  ['#/not-found', { page: 'not-found' }],
  ['#/__proto__', { page: 'not-found' }],
  ['#/vault/%E0%A4%A', { page: 'not-found' }],
]
describe('addresses', () => {
  for (const [hash, route] of addresses) {
    test(`"${hash}" is ${route.page}`, () => assert.deepEqual(parseRoute(hash), { path: [], query: {}, ...route }))
  }

  test('that are made lead back to what they were made of', () => {
    for (const path of [[], ['a'], ['folder', 'a/b?c#d&e %'], ['字']]) {
      assert.deepEqual(parseRoute(hrefOf('vault', ...path)), { page: 'vault', path, query: {} })
    }
  })
})

/** As much of a window as a router needs. Events come after whoever changed the address is done. */
class Pages extends EventTarget {
  readonly entries = ['#/vault']
  at = 0
  readonly location: { hash: string }
  readonly history = {
    pushState: (_state: unknown, _title: string, url: string) => {
      this.entries.splice(++this.at, Infinity, url)
    },
    replaceState: (_state: unknown, _title: string, url: string) => {
      this.entries[this.at] = url
    },
  }

  constructor() {
    super()
    const get = () => this.entries[this.at]!
    const set = (url: string) => {
      this.entries.splice(++this.at, Infinity, url)
      queueMicrotask(() => this.dispatchEvent(new Event('hashchange')))
    }
    this.location = Object.defineProperty({ hash: '' }, 'hash', { get, set })
  }

  back() {
    this.at--
    this.dispatchEvent(new Event('hashchange'))
  }
}

const settled = () => new Promise((resolve) => setImmediate(resolve))

describe('the way to another page', () => {
  const open = () => {
    const pages = new Pages()
    return { pages, router: new Router(pages) }
  }

  test('is followed, and back again', async () => {
    const { pages, router } = open()
    router.go('item', 'x')
    await settled()
    assert.deepEqual(router.route.value, { page: 'item', path: ['x'], query: {} })
    pages.back()
    await settled()
    assert.equal(router.route.value.page, 'vault')
  })

  test('is not left behind where one page takes the place of another', async () => {
    const { pages, router } = open()
    router.replace('login')
    assert.equal(router.route.value.page, 'login')
    assert.deepEqual(pages.entries, ['#/login'])
  })

  test('is barred by whoever has something to lose, with the address of what is shown', async () => {
    const { pages, router } = open()
    let answer = false
    const release = router.guard(async () => answer)
    router.go('sends')
    await settled()
    assert.equal(router.route.value.page, 'vault')
    assert.equal(pages.location.hash, '#/vault')

    answer = true
    router.go('sends')
    await settled()
    assert.equal(router.route.value.page, 'sends')

    answer = false
    release()
    router.go('generator')
    await settled()
    assert.equal(router.route.value.page, 'generator')
  })

  test('asks once, however often one wants to leave meanwhile', async () => {
    const { pages, router } = open()
    const asked: ((mayLeave: boolean) => void)[] = []
    router.guard(() => new Promise((resolve) => asked.push(resolve)))
    router.go('sends')
    await settled()
    router.go('generator')
    await settled()
    assert.equal(asked.length, 1)
    asked[0]!(true)
    await settled()
    // The last address is what is shown.
    assert.equal(router.route.value.page, 'generator')
    assert.equal(pages.location.hash, '#/generator')
  })
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clientTypeOfDevice, deviceTypeName } from '#auth'

/** spec: hub §2.4 */
const byClientType: [clientType: string | undefined, numbers: readonly number[]][] = [
  ['Mobile', [0, 1, 15]],
  ['Browser', [2, 3, 4, 5, 19, 20]],
  ['Desktop', [6, 7, 8, 16]],
  ['Web', [9, 10, 11, 12, 13, 14, 17, 18, 26]],
  ['Cli', [23, 24, 25]],
  [undefined, [21, 22]],
]

for (const [clientType, numbers] of byClientType) {
  test(`devices of the types ${numbers} are of the client type ${clientType}`, () => {
    for (const number of numbers) assert.equal(clientTypeOfDevice(number), clientType, deviceTypeName(number))
  })
}

test('a device of the official server is known by the name of its type', () => {
  const names = { ChromeExtension: 'Browser', MacOsDesktop: 'Desktop', iOS: 'Mobile', LinuxCLI: 'Cli', UWP: 'Desktop' }
  for (const [name, clientType] of Object.entries(names)) assert.equal(clientTypeOfDevice(name), clientType)
  assert.equal(clientTypeOfDevice('DuckDuckGoBrowser'), 'Web')
  assert.equal(clientTypeOfDevice('SDK'), undefined)
})

test('a device of a Vaultwarden is known by the name that its tokens have', () => {
  const names = {
    'Chrome Extension': 'Browser',
    macOS: 'Desktop',
    Android: 'Mobile',
    'Linux CLI': 'Cli',
    Chrome: 'Web',
  }
  for (const [name, clientType] of Object.entries(names)) assert.equal(clientTypeOfDevice(name), clientType)
})

test('a type that nobody knows is of no client type', () => {
  for (const type of [27, -1, 1.5, 'Toaster', 'constructor', '']) {
    assert.equal(clientTypeOfDevice(type), undefined)
  }
})

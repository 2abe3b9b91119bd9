import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { errorsOf, load } from './loading.ts'

describe('the Identity service of an official server', () => {
  const ID = '8A5AD1A9-cf1c-4a7b-9ba5-2f6ad1bb2d63'

  test('is named by the variables of that server', () => {
    const env = {
      globalSettings__baseServiceUri__internalIdentity: 'http://identity:5000/',
      globalSettings__installation__id: ID,
    }
    const identity = { authority: 'http://identity:5000', installationId: ID.toLowerCase() }
    assert.deepEqual(load(undefined, env).options.identity, identity)
  })

  test('is named in the file, and stands there alone', () => {
    const { options } = load('hub { identity { authority: "https://identity.example.com/identity" } }')
    assert.deepEqual(options.identity, {
      authority: 'https://identity.example.com/identity',
      installationId: undefined,
    })
  })

  test('is none without an address, whatever the installation', () => {
    assert.equal(load(undefined, { globalSettings__installation__id: ID }).options.identity, undefined)
  })

  test('needs an address that is one', () => {
    assert.match(errorsOf('hub { identity { authority: "identity:5000" } }')[0]!, /authority must be a URL/)
    assert.match(errorsOf('hub { identity { installation_id: "x" } }')[0]!, /installation_id must be a UUID/)
  })
})

import assert from 'node:assert/strict'
import { SAMPLE_USER } from './sample-clients.ts'
import { assertSameShape, type Json } from './shape.ts'

/** In this order: `/varz` comes last, when every endpoint has been counted. */
const REQUESTS = [
  '/connz',
  '/connz?auth=1&subs=1',
  '/connz?auth=1&subs=detail',
  '/connz?state=closed',
  '/connz?state=closed&auth=1&subs=detail',
  '/connz?state=any&sort=start&subs=1',
  '/connz?cid=999',
  '/connz?user=nobody',
  '/connz?limit=1&offset=1&sort=cid',
  '/subsz',
  '/subsz?subs=1&acc=$G&test=foo.bar',
  '/subscriptionsz?acc=$G',
  '/accountz?acc=$G',
  '/accstatz',
  '/leafz',
  '/routez',
  '/gatewayz',
  '/jsz',
  '/healthz',
  '/healthz?js-enabled-only=true',
  '/healthz?js-server-only=1&details=1',
  '/ipqueuesz',
  '/varz',
]

/**
 * Asks both monitoring servers (URLs without a slash at the end) the same. Whoever they monitor must have the clients of
 * `connectSampleClients`, in account `$G`, and have asked for nothing else of them before but `/connz` and `/varz`.
 */
export async function assertAnswersAlike(ours: string, theirs: string): Promise<void> {
  const version = String((await getObject(`${theirs}/varz`)).version)
  for (const request of REQUESTS) {
    const answer = await getObject(ours + request)
    assertSameShape(answer, await getObject(theirs + request), version, request)
    assert.ok(!JSON.stringify(answer).includes(SAMPLE_USER.pass), `${request} shows a password`)
  }
}

/** Whether the client of `connectSampleClients` that leaves again has been seen to leave. */
export async function hasSeenOneLeave(monitoring: string): Promise<boolean> {
  return (await getObject(`${monitoring}/connz?state=closed`)).num_connections === 1
}

async function getObject(url: string): Promise<{ [name: string]: Json }> {
  const response = await fetch(url)
  assert.equal(response.status, 200, url)
  return (await response.json()) as { [name: string]: Json }
}

import { quoted } from '#wire/nats'

/** Something that a client asked for and is not given, though it may stay. Both texts are nats-server's. */
export interface Violation {
  /** As `-ERR`: client libraries compare it. */
  readonly told: string
  readonly logged: string
}

/** What a client wants to subscribe to. */
export interface SubscriptionRequest {
  readonly subject: string
  /** Empty for a plain subscription. */
  readonly queue: string
  readonly sid: string
}

export const TOO_MANY_SUBSCRIPTIONS = violation('maximum subscriptions exceeded')
export const INVALID_SUBJECT = violation('Invalid Subject')

export function publishViolation(subject: string): Violation {
  return {
    told: `Permissions Violation for Publish to ${quoted(subject)}`,
    logged: `Publish Violation - Subject ${quoted(subject)}`,
  }
}

export function replyViolation(reply: string): Violation {
  return {
    told: `Permissions Violation for Publish with Reply of ${quoted(reply)}`,
    logged: `Publish Violation - Reply ${quoted(reply)}`,
  }
}

export function subscriptionViolation({ subject, queue, sid }: SubscriptionRequest): Violation {
  const group = queue === '' ? '' : `, Queue: ${quoted(queue)}`
  return {
    told: `Permissions Violation for Subscription to ${subjectAndQueue(subject, queue)}`,
    logged: `Subscription Violation - Subject ${quoted(subject)}${group}, SID ${sid}`,
  }
}

export function tooManyTokens({ subject, sid }: SubscriptionRequest): Violation {
  return {
    told: `Permissions Violation for Subscription to ${quoted(subject)}, too many tokens`,
    logged: `Subscription Violation Too Many Tokens - Subject ${quoted(subject)}, SID ${sid}`,
  }
}

/** Of a subscription that was allowed, and is not any more. */
export function removedSubscription({ subject, queue, sid }: SubscriptionRequest): Violation {
  const which = `${subjectAndQueue(subject, queue)} (sid ${quoted(sid)})`
  return {
    told: `Permissions Violation for Subscription to ${which}`,
    logged: `Removed sub ${which} - not authorized`,
  }
}

function subjectAndQueue(subject: string, queue: string): string {
  return queue === '' ? quoted(subject) : `${quoted(subject)} using queue ${quoted(queue)}`
}

function violation(text: string): Violation {
  return { told: text, logged: text }
}

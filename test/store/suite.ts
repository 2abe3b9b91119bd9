import type { Store } from '#store'
import { attachmentTests } from './suite/attachments.ts'
import { authRequestTests } from './suite/auth-requests.ts'
import { cipherTests } from './suite/ciphers.ts'
import { cleanUpTests } from './suite/clean-up.ts'
import { deviceTests } from './suite/devices.ts'
import { exclusiveTests } from './suite/exclusively.ts'
import { folderTests } from './suite/folders.ts'
import { heardTests } from './suite/heard.ts'
import { invitationTests } from './suite/invitations.ts'
import { jobRunTests } from './suite/job-runs.ts'
import { membershipTests } from './suite/memberships.ts'
import { pushJournalTests } from './suite/push-journal.ts'
import { pushRegistrationTests } from './suite/push-registrations.ts'
import { pushTargetTests } from './suite/push-targets.ts'
import { relayedDeviceTests } from './suite/relayed-devices.ts'
import { sendTests } from './suite/sends.ts'
import { signingKeyTests } from './suite/signing-keys.ts'
import { transactionTests } from './suite/transactions.ts'
import { trashTests } from './suite/trash.ts'
import { twoFactorTests } from './suite/two-factor.ts'
import { userKeyCopyTests } from './suite/user-key-copies.ts'
import { userTests } from './suite/users.ts'
import { vapidKeyTests } from './suite/vapid-keys.ts'
import { webPushSubscriptionTests } from './suite/web-push-subscriptions.ts'

/** A store for one test, fresh and empty. */
export interface TestStore extends AsyncDisposable {
  readonly store: Store
  /** Runs statements of plain SQL beside the store, for what the store's interface has no words for yet. */
  query(sql: string): Promise<Record<string, unknown>[]>
}

export type OpenTestStore = () => Promise<TestStore>

/** What every store promises, whichever engine keeps it. */
export function storeSuite(openTestStore: OpenTestStore): void {
  userTests(openTestStore)
  deviceTests(openTestStore)
  authRequestTests(openTestStore)
  userKeyCopyTests(openTestStore)
  folderTests(openTestStore)
  cipherTests(openTestStore)
  attachmentTests(openTestStore)
  invitationTests(openTestStore)
  membershipTests(openTestStore)
  heardTests(openTestStore)
  relayedDeviceTests(openTestStore)
  pushTargetTests(openTestStore)
  pushRegistrationTests(openTestStore)
  webPushSubscriptionTests(openTestStore)
  pushJournalTests(openTestStore)
  sendTests(openTestStore)
  trashTests(openTestStore)
  jobRunTests(openTestStore)
  signingKeyTests(openTestStore)
  vapidKeyTests(openTestStore)
  cleanUpTests(openTestStore)
  twoFactorTests(openTestStore)
  transactionTests(openTestStore)
  exclusiveTests(openTestStore)
}

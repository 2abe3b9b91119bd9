import type { Api } from '../api/client.ts'
import { type JsonObject, textOrNull } from '../api/json.ts'
import { restoredTokens, type Tokens } from '../api/tokens.ts'
import type { SymmetricKey } from '../crypto/symmetric-key.ts'
import { type Credentials, masterSecretsOf, openUserKey, WrongPasswordError } from '../model/account-keys.ts'
import { KdfError } from '../model/kdf-wire.ts'
import { Cell } from '../state/cell.ts'
import { AutoLock } from './auto-lock.ts'
import { type Clock, systemClock } from './clock.ts'
import { DeviceLogin } from './device-login.ts'
import { forgetAccount, type KeptAccount, readAccount, type UnlockData, writeAccount } from './kept-account.ts'
import { type LoginContext, type LoginStep, type OpenedLogin, prepareLogin } from './login.ts'
import { Preferences } from './preferences.ts'
import { Remembered } from './remembered.ts'
import type { Shelf } from './shelf.ts'
import type { SessionState, SignedOutReason } from './state.ts'
import { type TabChannel, type TabMessage, Tabs } from './tabs.ts'
import { currentUnlockData, readUnlockData } from './unlock-data.ts'

/** How often the other tabs are told that there is input here. */
const TELL_INPUT_EVERY_MS = 10_000

export interface SessionOptions {
  readonly api: Api
  readonly shelf: Shelf
  /** Where all tabs of this vault hear each other; undefined: there is only this one. */
  readonly channel?: TabChannel | undefined
  readonly clock?: Clock
}

/**
 * Who is logged in here, and whether their vault is open:
 *
 *     starting ─▶ signed-out ◀──────────── logOut(), or the server ends it ───────────┐
 *        │            │ logIn(), askOtherDevices()                                     │
 *        │            └──────────────────────────▶ unlocked ── lock(), no input ─▶ locked
 *        └─────────────────────────────────────────── ▲ ────── unlock() ──────────────┘▲
 *              somebody was logged in ────────────────┼────────────────────────────────┘
 *
 * All tabs of a browser lock together and log out together. The user key is in `state` and nowhere else, so that it goes
 * with the state; the browser keeps only what does not open the vault without the password.
 */
export class Session {
  readonly state = new Cell<SessionState>({ kind: 'starting' })
  readonly preferences: Preferences
  readonly remembered: Remembered
  readonly api: Api
  readonly #shelf: Shelf
  readonly #tabs: Tabs
  readonly #clock: Clock
  readonly #autoLock: AutoLock
  /** Who is logged in. It is also in the shelf, which may have failed to take it. */
  #account: KeptAccount | undefined
  #toldInputMs = 0
  #endsItself = false
  readonly #stopListening: () => void

  constructor({ api, shelf, channel, clock = systemClock }: SessionOptions) {
    this.api = api
    this.#shelf = shelf
    this.#clock = clock
    this.preferences = new Preferences(shelf, () => this.#tabs.tell({ kind: 'preferences' }))
    this.remembered = new Remembered(shelf)
    this.#tabs = new Tabs(channel, (message) => this.#hear(message))
    this.#autoLock = new AutoLock({
      clock,
      minutes: () => this.preferences.autoLockMinutes.value,
      expire: () => (this.preferences.autoLockAction.value === 'log-out' ? this.logOut() : this.lock()),
    })
    this.#stopListening = api.tokens.listen((tokens) => this.#tokensChanged(tokens))
  }

  /** Finds who was logged in here when the page was left. */
  start(): void {
    const account = readAccount(this.#shelf)
    if (account === undefined) {
      forgetAccount(this.#shelf)
      this.state.value = { kind: 'signed-out' }
    } else this.#resume(account)
  }

  close(): void {
    this.#autoLock.stop()
    this.#stopListening()
    this.#tabs.close()
  }

  /** The refresh token of whoever is logged in here, which another tab may have renewed; null for nobody. */
  get sharedRefreshToken(): string | null {
    const kept = readAccount(this.#shelf) ?? this.#account
    // Another tab may have logged somebody else in a moment ago.
    return kept !== undefined && kept.userId === this.#account?.userId ? kept.refreshToken : null
  }

  /** Rejects with an `ApiError`: `Refused` when the password is wrong. */
  async logIn(credentials: { readonly email: string; readonly password: string }): Promise<LoginStep> {
    const login = await prepareLogin(this.#loginContext(), credentials)
    return login.attempt()
  }

  /** Asks those of the user's devices that are logged in to let this one in. Rejects with an `ApiError`. */
  askOtherDevices(email: string): Promise<DeviceLogin> {
    return DeviceLogin.ask(this.#loginContext(), email, this.#clock)
  }

  /**
   * Opens a locked vault, without the server if the password is what it was here. Rejects with a `WrongPasswordError`; with
   * `Unauthorized` when the session turns out to have been ended, and then is signed out.
   */
  async unlock(password: string): Promise<void> {
    const locked = this.state.value
    const account = this.#account
    if (locked.kind !== 'locked' || account === undefined) throw new Error('The vault is not locked')
    const { userKey, data } = await this.#openWith(password, account)
    // While the key was derived the user may have logged out, here or in another tab.
    if (this.state.value !== locked || this.#account === undefined) return
    if (data !== account) this.#update(data)
    this.#open(userKey)
  }

  /** Does nothing where the vault is not open. */
  lock(): void {
    if (this.#lockHere()) this.#tabs.tell({ kind: 'locked' })
  }

  logOut(why: SignedOutReason = 'logged-out'): void {
    if (this.#account === undefined) return
    const reason = this.#endsItself ? 'logged-out' : why
    forgetAccount(this.#shelf)
    this.#end(reason)
    this.#tabs.tell({ kind: 'signed-out', why: reason })
  }

  /**
   * Does what ends all sessions of the account, and this one with them: the user's wish, whoever tells of it first, the
   * answer or the hub. Rejects as `work` does, and then nothing is ended here.
   */
  async endBy(work: () => Promise<unknown>): Promise<void> {
    this.#endsItself = true
    try {
      await work()
      this.logOut()
    } finally {
      this.#endsItself = false
    }
  }

  /** Whether it is the master password, which the user key's MAC tells: the server is not asked. */
  async verifyPassword(password: string): Promise<boolean> {
    try {
      await openUserKey(await masterSecretsOf(this.credentials(password)), this.#signedIn().protectedUserKey)
      return true
    } catch (error) {
      if (error instanceof WrongPasswordError) return false
      throw error
    }
  }

  /** A password with the way it becomes this account's keys. It is not checked. */
  credentials(password: string): Credentials {
    const { salt, kdf } = this.#signedIn()
    return { password, salt, kdf }
  }

  /** To be called with each sync: another device may have changed password, derivation or address. */
  adopt({ userDecryption, profile }: JsonObject): void {
    const account = this.#account
    if (account === undefined) return
    let data: UnlockData | null = null
    try {
      data = readUnlockData(userDecryption)
    } catch (error) {
      // What is kept goes on to be good: nothing is derived in a way that is not safe.
      if (!(error instanceof KdfError)) throw error
    }
    const email = textOrNull((profile as JsonObject | null | undefined)?.email) ?? account.email
    this.#update({ ...data, email })
    const state = this.state.value
    if ('email' in state && state.email !== email) this.state.value = { ...state, email }
  }

  /** There was input: the vault stays open. */
  noteInput(): void {
    if (this.state.value.kind !== 'unlocked') return
    this.#autoLock.touch()
    const now = this.#clock.now()
    if (this.state.value.kind !== 'unlocked' || Math.abs(now - this.#toldInputMs) < TELL_INPUT_EVERY_MS) return
    this.#toldInputMs = now
    this.#tabs.tell({ kind: 'active' })
  }

  /** Locks at once if the time is up: for when the page comes into view, or the machine wakes up. */
  checkIdle(): void {
    if (this.state.value.kind === 'unlocked') this.#autoLock.check()
  }

  /** The page is put away as it is, for whoever goes back to it: nothing stays that a reload would not keep. */
  putAway(): void {
    this.#lockHere()
  }

  /** The page is taken out again. What the other tabs have told meanwhile was not heard. */
  takeOut(): void {
    this.preferences.reload()
    if (readAccount(this.#shelf) !== undefined) this.#signedInElsewhere()
    else if (this.#account !== undefined) this.#end('logged-out')
  }

  #loginContext(): LoginContext {
    return {
      api: this.api,
      remembered: this.remembered,
      begin: (login: OpenedLogin) => this.#begin(login),
    }
  }

  #begin({ tokens, userKey, ...account }: OpenedLogin): void {
    const refreshToken = tokens.refreshToken ?? ''
    this.#account = { ...account, refreshToken }
    writeAccount(this.#shelf, this.#account)
    this.api.tokens.value = tokens
    this.#open(userKey)
    this.#tabs.tell({ kind: 'signed-in' })
  }

  /** With what is kept here, or, when another device has changed that, with what the server has. */
  async #openWith(password: string, account: KeptAccount): Promise<{ userKey: SymmetricKey; data: UnlockData }> {
    const open = async (data: UnlockData) => {
      const secrets = await masterSecretsOf({ password, salt: data.salt, kdf: data.kdf })
      return { userKey: await openUserKey(secrets, data.protectedUserKey), data }
    }
    try {
      return await open(account)
    } catch (error) {
      if (!(error instanceof WrongPasswordError)) throw error
      const data = await currentUnlockData(this.api, account)
      if (data === null) throw error
      return open(data)
    }
  }

  #open(userKey: SymmetricKey): void {
    const { email, userId } = this.#signedIn()
    this.#autoLock.start()
    this.state.value = { kind: 'unlocked', email, userId, userKey }
  }

  #resume(account: KeptAccount): void {
    this.#autoLock.stop()
    this.#account = account
    this.api.tokens.value = restoredTokens(account.refreshToken)
    this.state.value = { kind: 'locked', email: account.email, userId: account.userId }
  }

  #lockHere(): boolean {
    const state = this.state.value
    if (state.kind !== 'unlocked') return false
    this.#autoLock.stop()
    this.state.value = { kind: 'locked', email: state.email, userId: state.userId }
    return true
  }

  /** The storage is the business of the tab where it began. */
  #end(why: SignedOutReason): void {
    this.#autoLock.stop()
    this.#account = undefined
    this.api.tokens.value = null
    this.state.value = { kind: 'signed-out', why }
  }

  #update(changes: Partial<KeptAccount>): void {
    const account = this.#signedIn()
    this.#account = { ...account, ...changes }
    const kept = readAccount(this.#shelf)
    // Another tab may have logged out a moment ago, or have changed something else.
    if (kept?.userId === account.userId) writeAccount(this.#shelf, { ...kept, ...changes })
  }

  #tokensChanged(tokens: Tokens | null): void {
    const account = this.#account
    if (account === undefined) return
    if (tokens === null) this.logOut('revoked')
    else if (tokens.refreshToken !== null && tokens.refreshToken !== account.refreshToken) {
      this.#update({ refreshToken: tokens.refreshToken })
    }
  }

  #hear(message: TabMessage): void {
    switch (message.kind) {
      case 'active':
        this.#autoLock.touch()
        break
      case 'preferences':
        this.preferences.reload()
        break
      case 'locked':
        this.#lockHere()
        break
      case 'signed-out':
        if (this.#account !== undefined) this.#end(message.why)
        break
      case 'signed-in':
        this.#signedInElsewhere()
        break
    }
  }

  #signedInElsewhere(): void {
    const account = readAccount(this.#shelf)
    if (account === undefined) return
    if (account.userId === this.#account?.userId) this.#account = account
    else this.#resume(account)
  }

  #signedIn(): KeptAccount {
    if (this.#account === undefined) throw new Error('Nobody is logged in')
    return this.#account
  }
}

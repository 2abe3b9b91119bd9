import type { Component } from 'svelte'
import type { PageName } from './route.ts'

export type Page = Component<Record<string, never>>
export type LoadPage = () => Promise<{ readonly default: Page }>

/** List and item are one page: it stays when one goes from the one to the other. */
const vault: LoadPage = () => import('./vault/VaultPage.svelte')

/** Pages of whoever has unlocked the vault. Each is loaded when it is first shown; it finds its route by `getApp()`. */
export const VAULT_AREAS: Partial<Record<PageName, LoadPage>> = {
  vault,
  item: vault,
  generator: () => import('./generator/GeneratorPage.svelte'),
  settings: () => import('./settings/SettingsPage.svelte'),
  sends: () => import('./sends/SendsPage.svelte'),
  tools: () => import('./tools/ToolsPage.svelte'),
}

/** Pages of anybody, whether or not somebody is signed in. */
export const OPEN_AREAS: Partial<Record<PageName, LoadPage>> = {
  send: () => import('./sends/ReceivePage.svelte'),
  'verify-email': () => import('./sign-in/VerifyEmail.svelte'),
  'recover-delete': () => import('./sign-in/RecoverDelete.svelte'),
  'verify-recover-delete': () => import('./sign-in/ConfirmDelete.svelte'),
}

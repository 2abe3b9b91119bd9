/** A device of another server's user, which that server (an installation) has registered for relayed notifications. */
export interface RelayedDevice {
  readonly installationId: string
  /** The installation's name for this user on this app. */
  readonly deviceId: string
  readonly userId: string
  /** The app's own name for itself. */
  readonly identifier: string
  /** `spec/vault.md` §2.1. */
  readonly type: number
  /** Where the push service of the device's maker finds it. */
  readonly pushToken: string
  readonly organizationIds: readonly string[]
}

/** All is kept by installation: none has to do with another. */
export interface RelayedDevices {
  /**
   * Adds the device, or writes all of it anew. Where the installation has `maxDevices` already, those go that were
   * registered longest ago.
   */
  register(device: RelayedDevice, options: { at: Date; maxDevices: number }): Promise<void>
  delete(installationId: string, deviceId: string): Promise<void>
  /** Devices that are not registered are passed over, here and in the next. */
  addOrganization(installationId: string, deviceIds: readonly string[], organizationId: string): Promise<void>
  deleteOrganization(installationId: string, deviceIds: readonly string[], organizationId: string): Promise<void>
  /** Of the user's devices of that identifier, in no particular order. */
  organizationsOf(installationId: string, userId: string, identifier: string): Promise<string[]>
}

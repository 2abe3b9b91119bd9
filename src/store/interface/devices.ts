/** A client that logged in once. The same `id` (the client's own) may serve several users. */
export interface Device {
  readonly id: string
  readonly userId: string
  readonly createdAt: Date
  updatedAt: Date
  name: string
  /** `spec/vault.md` §2.1; 14 when unknown. */
  type: number
  pushToken: string | null
  pushId: string | null
  /** Random text that refresh tokens name; unique. */
  refreshToken: string
  twoFactorRemember: string | null
}

export interface Devices {
  find(id: string, userId: string): Promise<Device | undefined>
  findByRefreshToken(refreshToken: string): Promise<Device | undefined>
  ofUser(userId: string): Promise<Device[]>
  insert(device: Device): Promise<void>
  update(device: Device): Promise<void>
  /** Sets `updatedAt` alone. */
  touch(id: string, userId: string, at: Date): Promise<void>
  /**
   * Of the device, whoever has logged in on it. Resolves with the ids of those who lose it, undefined when there is no such
   * device.
   */
  clearPushToken(id: string): Promise<string[] | undefined>
  /** Takes the token from all devices but the one of that id. Resolves with the ids of those who lose it. */
  releasePushToken(pushToken: string, exceptId: string): Promise<string[]>
  delete(id: string, userId: string): Promise<void>
  deleteAllOf(userId: string): Promise<void>
}

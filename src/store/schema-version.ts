/** The version of what a store holds, as both stores count it: how many migrations were run on it. */
import { SettingError } from '../base/setting-error.ts';

/** The store was migrated by a newer version of this program. Nothing was changed. */
export class StoreTooNew extends SettingError {
  override readonly name = 'StoreTooNew';

  /**
   * @param setting the variable that names the store
   * @param what the store, as the operator knows it: `bridge.db in ./data`
   * @param found the version of what it holds
   * @param known the newest version that this program knows
   */
  constructor(setting: string, what: string, found: number, known: number) {
    super(
      setting,
      `${what} was written by a newer version of this program (schema ${found}; this one knows ${known})`,
      'Run that version, or restore a backup from before the upgrade.',
    );
  }
}

/**
 * The names of time zones in the IANA database. Node (ICU) calls some zones by an old name, and takes the new name, too. Here every
 * zone has its new name.
 */

/** The new name of each zone that Node calls by an old one. @see https://data.iana.org/time-zones/tzdb/backward */
const RENAMED: Readonly<Record<string, string>> = {
  'Africa/Asmera': 'Africa/Asmara',
  'America/Buenos_Aires': 'America/Argentina/Buenos_Aires',
  'America/Catamarca': 'America/Argentina/Catamarca',
  'America/Coral_Harbour': 'America/Atikokan',
  'America/Cordoba': 'America/Argentina/Cordoba',
  'America/Godthab': 'America/Nuuk',
  'America/Indianapolis': 'America/Indiana/Indianapolis',
  'America/Jujuy': 'America/Argentina/Jujuy',
  'America/Louisville': 'America/Kentucky/Louisville',
  'America/Mendoza': 'America/Argentina/Mendoza',
  'Asia/Calcutta': 'Asia/Kolkata',
  'Asia/Katmandu': 'Asia/Kathmandu',
  'Asia/Rangoon': 'Asia/Yangon',
  'Asia/Saigon': 'Asia/Ho_Chi_Minh',
  'Atlantic/Faeroe': 'Atlantic/Faroe',
  'Europe/Kiev': 'Europe/Kyiv',
  'Pacific/Enderbury': 'Pacific/Kanton',
  'Pacific/Ponape': 'Pacific/Pohnpei',
  'Pacific/Truk': 'Pacific/Chuuk',
};

const renamed = (name: string) => RENAMED[name] ?? name;

/** The names of all zones, `UTC` first, the others in the order of the alphabet. */
export function timeZoneNames(): string[] {
  return ['UTC', ...Intl.supportedValuesOf('timeZone').map(renamed).sort()];
}

/**
 * The zone that a text names, in any case and by any of its names (`asia/tokyo`, `US/Pacific`).
 * @returns the name of the zone as {@link timeZoneNames} has it; undefined when the text names none
 */
export function timeZoneNamed(text: string): string | undefined {
  // `+09:00` is an offset.
  if (!/^[a-z]/i.test(text)) return undefined;
  try {
    return renamed(new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** The zone of this process: that of the variable `TZ` or of the system, `UTC` when Node does not know its name. */
export function systemTimeZone(): string {
  // Node has no name, or `Etc/Unknown`, where `TZ` is empty or not a name.
  const { timeZone = '' }: { timeZone?: string } = Intl.DateTimeFormat().resolvedOptions();
  return timeZoneNamed(timeZone) ?? 'UTC';
}

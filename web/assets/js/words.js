// The few values that this side writes by itself, in the words of web/views.py.
const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

export const percent = (value) => `${Math.trunc(Math.min(value, 100))} %`;

export function speed(octets) {
  if (!octets) return "";
  let unit = 0;
  let value = octets;
  for (; value >= 1023.95 && unit < UNITS.length - 1; unit += 1) value /= 1024;
  return unit ? `${value.toFixed(1)} ${UNITS[unit]}/s` : `${value} B/s`;
}

export function eta(seconds) {
  if (seconds === null || seconds === undefined) return "";
  const whole = Math.max(0, Math.round(seconds));
  if (whole > 100 * 3600) return ""; // nobody waits for that; the speed says enough
  const [hours, minutes] = [Math.trunc(whole / 3600), Math.trunc(whole / 60) % 60];
  if (hours) return minutes ? `${hours} h ${minutes} min` : `${hours} h`;
  return minutes ? `${minutes} min` : `${whole} s`;
}

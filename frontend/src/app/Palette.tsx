// The palette.
export default function Palette() {
  return null;
}

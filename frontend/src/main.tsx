// The window's first script: the theme, then the shell, which draws the page that the address names.
import "./styles/base.css";
import { render } from "preact";
import { Shell } from "./app/Shell";
import { applyLook } from "./app/look";
import { applyTheme } from "./app/theme";

applyTheme();
applyLook();
render(<Shell />, document.getElementById("app")!);

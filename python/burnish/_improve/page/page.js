// The page is whole without this: it enlarges pictures and copies lists.
"use strict";
const dialog = document.createElement("dialog");
const large = document.createElement("img");
const words = document.createElement("p");
dialog.append(large, words);
document.body.append(dialog);
dialog.addEventListener("click", () => dialog.close());

function enlarge(picture) {
  large.src = picture.src;
  large.alt = picture.alt;
  words.textContent = picture.alt;
  dialog.showModal();
}

for (const picture of document.querySelectorAll(".frame img")) {
  picture.tabIndex = 0;
  picture.setAttribute("role", "button");
  picture.addEventListener("click", () => enlarge(picture));
  picture.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      enlarge(picture);
    }
  });
}

function copied(text) {
  const area = document.createElement("textarea"); // for pages opened from a file, where the clipboard is closed to scripts
  area.value = text;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}

for (const list of document.querySelectorAll("pre")) {
  const text = list.textContent;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = "Copy";
  button.addEventListener("click", () => {
    button.textContent = copied(text) ? "Copied" : "Select the text and copy it";
  });
  list.prepend(button);
}

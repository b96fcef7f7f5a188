// Opens and closes <dialog> elements, which the browser keeps the focus in and gives back from. May not enter: what they ask.
//
//   <button data-opens="invite">...</button>   <dialog id="invite" aria-labelledby="..."> ... <button data-closes>...</button></dialog>

export function dialogs(root = document) {
  for (const one of root.querySelectorAll("[data-opens]")) {
    one.addEventListener("click", () => document.getElementById(one.dataset.opens).showModal());
  }
  for (const one of root.querySelectorAll("dialog")) {
    one.addEventListener("click", (event) => {
      if (event.target === one || event.target.closest("[data-closes]")) one.close();
    });
  }
}

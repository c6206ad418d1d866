/* Small things of our own in the admin. */
document.addEventListener("input", (event) => {
  const slider = event.target.closest(".rs-slider input");
  if (slider) {
    slider.nextElementSibling.value = slider.value;
  }
});

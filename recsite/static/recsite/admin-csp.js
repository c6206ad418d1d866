/* Lets the admin theme run under the site's content security policy. Loaded right after htmx, before Alpine starts.
   Alpine sets a style given as text by setAttribute, which the policy counts as inline style; the CSSOM is allowed.
   htmx would add a style element for its indicators; the theme has rules of its own for them. */
(function () {
  "use strict";
  const setAttribute = Element.prototype.setAttribute;
  Element.prototype.setAttribute = function (name, value) {
    if (String(name).toLowerCase() === "style" && this.style) {
      this.style.cssText = value;
    } else {
      setAttribute.call(this, name, value);
    }
  };
  window.htmx.config.includeIndicatorStyles = false;
  window.htmx.config.allowEval = false;
})();
